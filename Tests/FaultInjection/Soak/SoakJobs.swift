import JobQueue

/// What a soak's producers enqueue beside the chaos tool's `Step` and `Pay`: one kind for each feature.
protocol SoakJob: JobPayload {
  var milliseconds: Int { get }
}

extension SoakJob {
  static func options(queue: String) -> JobOptions {
    JobOptions(queue: queue, maxAttempts: 20, backoff: .constant(.milliseconds(300)))
  }
}

/// Of a queue whose keys are worked off one after another.
struct Keyed: SoakJob {
  static let kind = "soak.keyed"
  static let options = options(queue: "keyed")
  var milliseconds: Int
}

/// Of a queue with a limit of running jobs and a rate.
struct Limited: SoakJob {
  static let kind = "soak.limited"
  static let options = options(queue: "limited")
  var milliseconds: Int
}

/// Enqueued under unique keys.
struct Unique: SoakJob {
  static let kind = "soak.unique"
  static let options = options(queue: "uniques")
  var milliseconds: Int
}

/// Tells its progress, keeps a checkpoint and returns a result.
struct Telling: SoakJob {
  static let kind = "soak.telling"
  static let options = options(queue: "results")
  var milliseconds: Int
}

/// Asks once to be run later.
struct Snoozing: SoakJob {
  static let kind = "soak.snoozing"
  static let options = options(queue: "snoozes")
  var milliseconds: Int
}

/// Run many in one call, of a queue that pushes back.
struct Push: SoakJob {
  static let kind = "soak.push"
  static let options = options(queue: "pushes")
  var milliseconds: Int
}

/// A step of a workflow, a member of a batch, or its callback: the queue itself makes the job.
struct Flow: SoakJob {
  static let kind = "soak.flow"
  static let options = options(queue: "flows")
  var milliseconds: Int
}

/// A tick of a schedule.
struct Tick: SoakJob {
  static let kind = "soak.tick"
  static let options = options(queue: "ticks")
  var milliseconds: Int
}

/// The queues of a soak.
enum SoakQueue {
  static let names =
    ChaosQueue.names + [
      "keyed", "limited", "uniques", "results", "snoozes", "pushes", "flows", "ticks",
    ]

  /// Makes them with their limits, the schedule, and the table of what is measured.
  ///
  /// - Parameter retention: how long what is only kept for people is kept.
  static func script(retention: Int) -> String {
    """
    set search_path = ong;
    select create_queue(name) from unnest('{\(names.joined(separator: ","))}'::text[]) name;
    select set_limits('keyed', '{"key_order": "fifo"}');
    select set_limits('limited', '{"max_running": 8, "rate": {"count": 100, "per_seconds": 1}}');
    select set_backpressure('pushes', 500);
    select put_schedule('soak tick', '@every 2s', 'ticks', 'soak.tick', '{"milliseconds": 1}',
      p_overlap => 'allow');
    update setting set keep_events = make_interval(secs => \(retention)),
      keep_results = make_interval(secs => \(retention)),
      rotate_after = make_interval(secs => \(max(2, retention / 5)));
    create table public.probe (job bigint primary key, at timestamptz not null default clock_timestamp());
    """
  }
}
