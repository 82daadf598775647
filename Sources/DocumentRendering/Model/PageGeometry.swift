/// Paper size and margins in millimetres.
public struct PageGeometry: Sendable, Hashable {
  public var width: Double
  public var height: Double
  public var top: Double
  public var bottom: Double
  public var left: Double
  public var right: Double

  public init(
    width: Double = 210, height: Double = 297, top: Double = 20, bottom: Double = 20,
    left: Double = 30, right: Double = 15
  ) {
    self.width = width
    self.height = height
    self.top = top
    self.bottom = bottom
    self.left = left
    self.right = right
  }

  /// A4 portrait with margins that Decree 30/2020 allows: top and bottom 20–25 mm, left 30–35 mm,
  /// right 15–20 mm.
  public static let a4 = PageGeometry()
  /// A4 landscape, which the decree allows for wide tables.
  public static let a4Landscape = PageGeometry(width: 297, height: 210)

  var size: (width: Double, height: Double) { (points(width), points(height)) }
  var textLeft: Double { points(left) }
  var textTop: Double { points(top) }
  var textWidth: Double { points(width - left - right) }
  var textHeight: Double { points(height - top - bottom) }
}

/// PostScript points (1/72 inch) in `millimetres`.
func points(_ millimetres: Double) -> Double { millimetres * 72 / 25.4 }
