import Foundation

/// The folder of rendered reports. Files appear whole or not at all.
struct ReportFiles {
  let folder: URL

  /// Relative to the folder; equal for equal keys, different for different ones.
  func path(for key: ArtefactKey, blocPeriod: BlocPeriodKey) -> String {
    let parameters = key.paramsHash == "none" ? "" : "-\(key.paramsHash)"
    return "\(blocPeriod.bloc)/\(blocPeriod.period)/\(key.kind)-\(key.snapshot)"
      + "-v\(key.templateVersion)-\(key.locale)\(parameters).\(key.format)"
  }

  func has(_ artefact: ReportArtefact) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: folder.appending(path: artefact.path).path)
    return (attributes?[.size] as? NSNumber)?.int64Value == artefact.byteCount
  }

  /// Writes beside the target and renames: two workers at once leave one whole file.
  func write(_ bytes: [UInt8], to path: String) throws {
    let target = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    let temporary = target.deletingLastPathComponent().appending(
      path: ".\(target.lastPathComponent).\(UUID().uuidString)")
    do {
      try Data(bytes).write(to: temporary)
      try FileHandle(forUpdating: temporary).synchronizeAndClose()
      guard rename(temporary.path, target.path) == 0 else {
        throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: target.path])
      }
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw error
    }
  }
}

extension FileHandle {
  /// The bytes are on the disk before the name is.
  fileprivate func synchronizeAndClose() throws {
    try synchronize()
    try close()
  }
}
