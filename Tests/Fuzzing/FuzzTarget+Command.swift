import ArgumentParser
import Foundation
import MailTransport

@testable import LibpqClient
@testable import OngCommand

extension FuzzTarget {
  /// Command lines, a word a line.
  static let arguments = FuzzTarget(
    "arguments", shortRun: 60,
    seeds: [
      "enqueue\nmail\nwelcome\n{}\n--delay\n2h", "jobs\nshow\n17\n--json", "jobs\nls\n--limit\n5",
      "schedules\nput\na\n@daily\nmail\nk", "work\n--queue\nreports=2\n--grace\n1h30m",
      "web\n--listen\n[::1]:80\n--trusted-proxy\n10.0.0.1", "bench\ndrain\n--jobs\n10",
      "queues\nlimits\nmail\n--rate\n10/s", "workflows\nsignal\n1\ngo\n{}", "2026-03-01T08:00:00Z",
    ]
  ) { bytes in
    let text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
    _ = try? Ong.parseAsRoot(text.split(separator: "\n").map(String.init))
    if let span = DurationText.parse(text) { _ = DurationText.short(span) }
    if let time = try? TimeText.argument(text) {
      _ = TimeText.moment(time, now: Date(timeIntervalSince1970: 0))
    }
    _ = QueueSlots(argument: text)
    _ = PasswordInArguments.stands(in: text)
    _ = DisplayWidth.of(text.printable())
  }

  /// Connection strings and what libpq says of them.
  static let connections = FuzzTarget(
    "connections",
    seeds: [
      "postgresql://an@host:5432,other/ong?sslmode=require&target_session_attrs=read-write",
      "host=a,b port=1,2 password='s3cret word' options='-c a=b'", "service=x connect_timeout=5",
    ]
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    do {
      let parameters = try ConnectionParameters(ConnectionConfiguration(text))
      _ = (parameters.connectTimeout, parameters.isByService)
      for count in 0...parameters.hostCount { _ = parameters.dropping(hosts: count) }
    } catch {
      _ = "\(error)"
    }
  }

  /// Settings of the mail server.
  static let settings = FuzzTarget(
    "settings",
    seeds: [
      "smtp://an:b%C3%AD@mail.example.vn:587?starttls=required", "smtps://mail.example.vn",
      "smtp://[::1]:25?starttls=never&cafile=/a",
    ]
  ) { bytes in
    _ = try? SMTPConfiguration(url: String(decoding: bytes, as: UTF8.self))
  }
}
