import HTTPTypes
import Hummingbird
import Mustache
import NIOCore

/// Fills the templates. They are built into the binary and parsed once, when the site is made; the
/// engine escapes every value, and no template asks it not to.
struct PageRenderer: Sendable {
  private let templates: MustacheLibrary

  /// - Throws: when a template does not parse.
  init() throws {
    var templates = MustacheLibrary()
    for file in EmbeddedFiles.templates {
      try templates.register(file.text, named: String(file.path.prefix { $0 != "." }))
    }
    self.templates = templates
  }

  func html(_ template: String, _ view: any Sendable) -> String {
    templates.render(view, withTemplate: template) ?? ""
  }

  func page(
    _ template: String, _ view: any Sendable, status: HTTPResponse.Status = .ok
  ) -> Response {
    Response(
      status: status, headers: [.contentType: "text/html; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: html(template, view))))
  }
}
