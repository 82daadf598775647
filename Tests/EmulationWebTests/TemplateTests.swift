import EmulationAwards
import Foundation
import Testing

@testable import EmulationWeb

struct TemplateTests {
  @Test(arguments: Language.allCases)
  func `every label that a template names has words`(language: Language) {
    let labels = Dictionary(
      uniqueKeysWithValues: Mirror(reflecting: Texts.of(language)).children.map {
        ($0.label ?? "", "\($0.value)")
      })
    for template in EmbeddedFiles.templates {
      for name in template.text.matches(of: /\{\{t\.(\w+)\}\}/).map({ String($0.output.1) }) {
        #expect(labels[name]?.isEmpty == false, "\(template.path): t.\(name)")
      }
    }
  }

  @Test func `no template leaves a value unescaped`() {
    for template in EmbeddedFiles.templates {
      #expect(!template.text.contains("{{{") && !template.text.contains("{{&"), "\(template.path)")
    }
  }

  @Test(arguments: [
    ("97.5", "97,50"), ("0", "0,00"), ("-1", "\u{2212}1,00"), ("101.255", "101,26"),
  ])
  func `points have two decimals after a comma`(value: String, text: String) throws {
    #expect(Language.vi.points(try #require(.init(string: value))) == text)
  }
}
