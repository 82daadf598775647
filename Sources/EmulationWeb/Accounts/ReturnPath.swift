import Hummingbird

/// Where to go on after signing in: a path of this site and nothing else, so that no link to the
/// sign-in page leads its visitors to another site.
struct ReturnPath {
  static let fieldName = "ve"
  let path: String

  /// Nil for what is no path here, or what a browser might take for another host.
  init?(_ text: String?) {
    guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), !text.contains("\\"),
      text.utf8.count <= 1000, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    path = text
  }
}
