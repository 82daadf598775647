import Foundation

extension String {
  /// The text in Unicode normalisation form C, the one form that is stored, rendered and mailed.
  var normalisedForStorage: String { precomposedStringWithCanonicalMapping }
}
