import CCurl

/// Owner of one libcurl handle and the connection that it keeps.
///
/// Unchecked: a handle is used by one thread at a time, the one that took it out of the idle list
/// of `SMTPTransport` under its lock.
final class SMTPHandle: @unchecked Sendable {
  private let curl: OpaquePointer
  private let configuration: SMTPConfiguration
  private let errorText: UnsafeMutablePointer<CChar>

  init(_ configuration: SMTPConfiguration) throws {
    guard let curl = curl_easy_init() else {
      throw MailTransportError.library("no memory for a handle")
    }
    self.curl = OpaquePointer(curl)
    self.configuration = configuration
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
  }

  private var handle: UnsafeMutableRawPointer { UnsafeMutableRawPointer(curl) }

  deinit {
    curl_easy_cleanup(handle)
    errorText.deallocate()
  }

  func send(_ message: MailMessage) throws -> Delivery {
    let first = try attempt(message, onNewConnection: false)
    // A server may have closed the idle connection: no reason to put the message off.
    let wasStale = first.reusedConnection && first.exchange.foundNoServer
    return wasStale ? try attempt(message, onNewConnection: true).delivery : first.delivery
  }

  private struct Attempt {
    let delivery: Delivery
    let exchange: SMTPExchange
    let reusedConnection: Bool
  }

  private func attempt(_ message: MailMessage, onNewConnection: Bool) throws -> Attempt {
    let text = MIMEMessage(message).bytes
    let record = ExchangeRecord(SMTPExchange(text: text))
    let recipients = RecipientList(message.to)
    // Keeps the connection and forgets the options: their pointers end with this call.
    defer { curl_easy_reset(handle) }
    try setServer(onNewConnection: onNewConnection)
    try setEnvelope(from: message.from, to: recipients, size: text.count)
    try setCallbacks(record)
    let code = withExtendedLifetime((record, recipients)) { curl_easy_perform(handle) }
    let exchange = record.exchange
    return Attempt(
      delivery: code == CURLE_OK ? exchange.accepted : exchange.failed(problem(code)),
      exchange: exchange,
      reusedConnection: ong_curl_info_long(handle, CURLINFO_NUM_CONNECTS) == 0)
  }

  private func problem(_ code: CURLcode) -> String {
    let detail = String(cString: errorText)
    return detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
  }
}

// MARK: - Options

extension SMTPHandle {
  private func setServer(onNewConnection: Bool) throws {
    try set(CURLOPT_URL, string: configuration.url)
    try set(CURLOPT_PROTOCOLS, Int(CURLPROTO_SMTP | CURLPROTO_SMTPS))
    // Signals are the process's own; without this libcurl would use SIGALRM for its timeouts.
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.milliseconds)
    try set(CURLOPT_TIMEOUT_MS, configuration.timeout.milliseconds)
    // Without this the goodbye to a server that does not answer takes two minutes.
    let seconds = (configuration.timeout.milliseconds + 999) / 1000
    try set(ong_curl_response_timeout, seconds)
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try set(CURLOPT_FRESH_CONNECT, onNewConnection ? 1 : 0)
    if configuration.security == .startTLS {
      try set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
    }
    if let certificates = configuration.certificates {
      try set(CURLOPT_CAINFO, string: certificates)
    }
    if let user = configuration.user {
      try set(CURLOPT_USERNAME, string: user)
      try set(CURLOPT_PASSWORD, string: configuration.password ?? "")
    }
  }

  private func setEnvelope(from: MailAddress, to list: RecipientList, size: Int) throws {
    try set(CURLOPT_MAIL_FROM, string: "<\(from.address)>")
    try check(ong_curl_set_list(handle, CURLOPT_MAIL_RCPT, list.head))
    try set(CURLOPT_UPLOAD, 1)
    try check(ong_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(size)))
  }

  private func setCallbacks(_ record: ExchangeRecord) throws {
    errorText[0] = 0
    try set(CURLOPT_ERRORBUFFER, pointer: errorText)
    let context = Unmanaged.passUnretained(record).toOpaque()
    try check(ong_curl_set_callback(handle, CURLOPT_READFUNCTION, readText))
    try set(CURLOPT_READDATA, pointer: context)
    try check(ong_curl_set_callback(handle, CURLOPT_HEADERFUNCTION, receiveLine))
    try set(CURLOPT_HEADERDATA, pointer: context)
    try check(ong_curl_set_callback(handle, CURLOPT_WRITEFUNCTION, ignoreBody))
    // The debug callback is the only one that sees the commands; nothing of them is kept.
    try check(ong_curl_set_debug_callback(handle, observeCommand))
    try set(CURLOPT_DEBUGDATA, pointer: context)
    try set(CURLOPT_VERBOSE, 1)
  }

  private func set(_ option: CURLoption, _ value: Int) throws {
    try check(ong_curl_set_long(handle, option, value))
  }

  private func set(_ option: CURLoption, string: String) throws {
    try check(ong_curl_set_string(handle, option, string))
  }

  private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws {
    try check(ong_curl_set_pointer(handle, option, pointer))
  }

  private func check(_ code: CURLcode) throws {
    guard code == CURLE_OK else {
      throw MailTransportError.library(String(cString: curl_easy_strerror(code)))
    }
  }
}

extension Duration {
  fileprivate var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}

/// Owner of libcurl's list of recipients.
private final class RecipientList {
  private(set) var head: UnsafeMutablePointer<curl_slist>?

  init(_ recipients: [MailAddress]) {
    for recipient in recipients { head = curl_slist_append(head, "<\(recipient.address)>") }
  }

  deinit { curl_slist_free_all(head) }
}

// MARK: - Callbacks

/// Where the callbacks of one delivery write. They run on the thread that delivers.
private final class ExchangeRecord {
  var exchange: SMTPExchange

  init(_ exchange: SMTPExchange) { self.exchange = exchange }

  static func of(_ context: UnsafeMutableRawPointer?) -> ExchangeRecord {
    Unmanaged<ExchangeRecord>.fromOpaque(context!).takeUnretainedValue()
  }
}

private func readText(
  buffer: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  let part = ExchangeRecord.of(context).exchange.nextText(size * count)
  UnsafeMutableRawBufferPointer(start: buffer, count: size * count).copyBytes(from: part)
  return part.count
}

private func receiveLine(
  line: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  let bytes = UnsafeRawBufferPointer(start: line, count: size * count)
  ExchangeRecord.of(context).exchange.received(line: bytes)
  return size * count
}

/// Without one, libcurl would print to standard output.
private func ignoreBody(
  bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int { size * count }

private func observeCommand(
  handle: UnsafeMutableRawPointer?, kind: curl_infotype, data: UnsafeMutablePointer<CChar>?,
  size: Int, context: UnsafeMutableRawPointer?
) -> Int32 {
  if kind == CURLINFO_HEADER_OUT {
    let command = UnsafeRawBufferPointer(start: data, count: size)
    ExchangeRecord.of(context).exchange.sent(command: command)
  }
  return 0
}
