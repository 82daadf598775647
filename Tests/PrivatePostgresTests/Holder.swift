import Foundation
import Glibc

/// Another program that runs a private server, to be killed.
struct Holder {
  let processID: pid_t
  let serverID: pid_t

  /// Starts it and waits until its server has a committed row.
  init(folder: String) throws {
    let own = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let output = Pipe()
    let process = Process()
    process.executableURL = own.appending(path: "private-server-holder")
    process.arguments = [folder]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    processID = process.processIdentifier
    let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    guard text.hasPrefix("ready "), let id = pid_t(text.dropFirst(6).prefix { $0.isNumber }) else {
      throw NotReady(text: text)
    }
    serverID = id
  }

  /// The shell beside the server; its own child that waits for the end is another one.
  var shells: [pid_t] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let children = Dictionary(grouping: all.compactMap { pid_t($0) }, by: Self.parent(of:))
    let shell = Self.parent(of: serverID)
    return [shell] + (children[shell] ?? []).filter { $0 != serverID }
  }

  /// A process that has ended but that nobody waited for counts as ended.
  static func isRunning(_ id: pid_t) -> Bool {
    let state = status(of: id).first
    return state != nil && state != "Z"
  }

  private static func parent(of id: pid_t) -> pid_t {
    let fields = status(of: id)
    return fields.count > 1 ? pid_t(fields[1]) ?? 0 : 0
  }

  /// State, parent and so on.
  private static func status(of id: pid_t) -> [Substring] {
    let text = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
    // The second field is the name in brackets, which may hold anything.
    guard let end = text.lastIndex(of: ")") else { return [] }
    return text[text.index(after: end)...].split(separator: " ")
  }

  struct NotReady: Error { let text: String }
}
