@main
enum AcervoServe {
  static func main() {}
}
