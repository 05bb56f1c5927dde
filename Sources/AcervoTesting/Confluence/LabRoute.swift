/// The operations that the lab answers, for counting and for faults; the raw value is the word on the command line.
public enum LabRoute: String, Sendable, CaseIterable {
  // Cloud, version 2.
  case spaces, space
  case spacePages = "space-pages"
  case spaceBlogPosts = "space-blogposts"
  case spacePermissions = "space-permissions"
  case spaceRoles = "space-roles"
  case spaceLabels = "space-labels"
  case pages, page
  case blogPosts = "blogposts"
  case blogPost = "blogpost"
  case labels, labelled, attachments, attachment, versions, properties, operations
  case footerComments = "footer-comments"
  case inlineComments = "inline-comments"
  case commentChildren = "comment-children"
  case comment
  /// A folder, whiteboard, database or embed by its id.
  case node
  case ancestors, children
  case directChildren = "direct-children"
  case descendants
  case usersBulk = "users-bulk"
  case convertIDs = "convert-ids"
  case dataPolicies = "data-policies"
  case roleMode = "role-mode"
  // Version 1, both deployments.
  case search
  case contentSearch = "content-search"
  case restrictions, permissionCheck = "permission-check"
  case groups, groupMembers = "group-members"
  case currentUser = "current-user"
  case user, memberOf = "member-of"
  case systemInfo = "system-info"
  case download
  /// Version 1's content operations: Data Center's, and on Cloud removed.
  case content, contentList = "content-list"
  case contentPart = "content-part"
  case scan, trash
  case spaceV1 = "space-v1"
  case spacesV1 = "spaces-v1"
  case spaceContent = "space-content"
  // Beside the API.
  case tenantInfo = "tenant-info"
  case oauthToken = "oauth-token"
  case resources
  /// The host that attachments are redirected to.
  case media
  /// What the lab does not know.
  case unknown
}
