import Foundation
import PasswordHashing

/// Reads a new password: never from the command line, which every user of the machine can see.
enum PasswordInput {
  /// From the terminal, twice and unseen; from the first line of standard input where that is none.
  static func newPassword() throws -> Password {
    let text = isatty(STDIN_FILENO) == 1 ? try askTwice() : try firstLine()
    do {
      return try Password(new: text)
    } catch {
      throw CommandFailure(.usage, "\(error)", advice: "choose another, or let --generate make one")
    }
  }

  private static func askTwice() throws -> String {
    let text = try ask("New password: ")
    guard try ask("Once more: ") == text else {
      throw CommandFailure(.usage, "the passwords were not the same", advice: "try again")
    }
    return text
  }

  private static func firstLine() throws -> String {
    guard let line = readLine(strippingNewline: true) else {
      throw CommandFailure(
        .usage, "no password came on standard input",
        advice: "write it there as one line, or let --generate make one")
    }
    return line
  }

  private static func ask(_ prompt: String) throws -> String {
    defer { Terminal.say("") }
    return try withoutEcho {
      FileHandle.standardError.write(Data(prompt.utf8))
      var keys = PasswordKeys()
      while true {
        var byte: UInt8 = 0
        let next = read(STDIN_FILENO, &byte, 1) == 1 ? keys.take(byte) : .interrupted
        switch next {
        case .more: continue
        case .done: return keys.text
        case .interrupted: throw CommandFailure(.interrupted, "no password was chosen")
        }
      }
    }
  }

  /// Keys come one by one and unseen, Ctrl-C among them: a signal would end the program before the
  /// terminal shows again what is typed.
  private static func withoutEcho<Value>(_ body: () throws -> Value) rethrows -> Value {
    var before = termios()
    tcgetattr(STDIN_FILENO, &before)
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) }
    return try body()
  }
}

/// What keys typed blindly come to.
struct PasswordKeys {
  enum Next { case more, done, interrupted }

  private var bytes: [UInt8] = []

  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func take(_ byte: UInt8) -> Next {
    switch byte {
    case 0x0A, 0x0D: return .done
    case 0x03: return .interrupted  // Ctrl-C
    case 0x04: return bytes.isEmpty ? .interrupted : .done  // Ctrl-D
    case 0x15: bytes = []  // Ctrl-U
    case 0x08, 0x7F: removeCharacter()
    default: bytes.append(byte)
    }
    return .more
  }

  /// All bytes of the last character of UTF-8.
  private mutating func removeCharacter() {
    while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
  }
}
