import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import WebServing

/// The stylesheet, the script and the icon. Each lies under an address that holds a hash of its
/// text, so browsers keep it for a year and yet never show an old one.
struct Assets: Sendable {
  private struct File: Sendable {
    let path: String
    let type: String
    let text: String
  }

  private let files: [String: File]

  static let shared = Assets(EmbeddedFiles.assets)

  init(_ embedded: [(path: String, text: String)]) {
    files = Dictionary(
      uniqueKeysWithValues: embedded.map { name, text in
        let hash = HexText.of(SHA256.hash(data: Array(text.utf8)).prefix(6))
        return (name, File(path: "/tai-nguyen/\(hash)/\(name)", type: Self.type(name), text: text))
      })
  }

  func url(_ name: String) -> String { files[name]?.path ?? "" }

  func addRoutes(to router: some RouterMethods<VisitContext>) {
    for file in files.values {
      router.get("\(file.path)") { _, _ in
        Response(
          status: .ok,
          headers: [
            .contentType: file.type, .cacheControl: "public, max-age=31536000, immutable",
          ],
          body: ResponseBody(byteBuffer: ByteBuffer(string: file.text)))
      }
    }
  }

  private static func type(_ name: String) -> String {
    switch name.split(separator: ".").last {
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    default: "text/plain; charset=utf-8"
    }
  }
}
