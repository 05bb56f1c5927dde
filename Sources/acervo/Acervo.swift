@main
enum Acervo {
  static func main() {}
}
