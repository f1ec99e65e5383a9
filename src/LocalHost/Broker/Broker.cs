using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text;
using LocalHost.Journaling;
using Microsoft.Extensions.Logging;

namespace LocalHost.Messaging;

/// <summary>The queues of <c>servicebus.json</c>, kept in the journal.</summary>
/// <remarks>
/// The semantics are those of Service Bus: a lock for each delivery, a delivery count, a dead-letter queue, scheduled messages, duplicate detection.
/// A process that dies is to it what a lost receiver is to the service: its deliveries have counted, and its messages are free again.
/// </remarks>
internal sealed partial class Broker : IJournalParticipant, IDisposable
{
    private readonly Dictionary<string, BrokerEntity> _entities = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<uint, BrokerEntity> _byKey = [];
    private readonly ILogger _logger;
    private long _orphans;

    public Broker(Journal journal, IEnumerable<QueueDefinition> queues, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        foreach (var queue in queues)
        {
            var entity = new BrokerEntity(queue, journal, time, KeyOf(queue.Name));
            _entities.Add(queue.Name, entity);
            if (!_byKey.TryAdd(entity.Key, entity))
                throw new InvalidOperationException($"The queue names {queue.Name} and {_byKey[entity.Key].Definition.Name} can't be used together: they have the same hash.");
        }
    }

    public byte Kind => QueueLog.Kind;

    public long LiveBytes
    {
        get
        {
            long live = 0;
            foreach (var entity in _byKey.Values)
                live += entity.LiveBytes;
            return live;
        }
    }

    /// <summary>The declared queues.</summary>
    public IEnumerable<BrokerEntity> Entities => _entities.Values;

    /// <summary>The declared queue of this name, to send to.</summary>
    public bool TryGetEntity(string name, [MaybeNullWhen(false)] out BrokerEntity entity) => _entities.TryGetValue(name, out entity);

    /// <summary>The queue to receive from: a name, or a name and <c>/$DeadLetterQueue</c>. Ignores case.</summary>
    public bool TryGetQueue(string path, [MaybeNullWhen(false)] out BrokerQueue queue)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var (name, suffix) = slash < 0 ? (path, null) : (path[..slash], path[(slash + 1)..]);
        queue = !_entities.TryGetValue(name, out var entity) ? null
            : suffix is null ? entity.Main
            : suffix.Equals(BrokerQueue.DeadLetterSuffix, StringComparison.OrdinalIgnoreCase) ? entity.DeadLetters
            : null;
        return queue is not null;
    }

    /// <summary>As <see cref="TryGetQueue"/>, for a queue that is known to be declared.</summary>
    public BrokerQueue GetQueue(string path) =>
        TryGetQueue(path, out var queue) ? queue : throw new ArgumentException($"There is no queue {path}.", nameof(path));

    public void Replay(JournalAddress address, ReadOnlySpan<byte> record)
    {
        var (type, key) = QueueLog.ReadHeader(record);
        if (_byKey.TryGetValue(key, out var entity))
            entity.Replay(type, address, record);
        else if (type == QueueRecord.Messages)
            _orphans++;
    }

    public void Relocate(JournalAddress address, ReadOnlySpan<byte> record)
    {
        var (type, key) = QueueLog.ReadHeader(record);
        if (_byKey.TryGetValue(key, out var entity))
            entity.Relocate(type, address, record);
    }

    /// <summary>After the replay: messages can be received, sent and settled.</summary>
    public void Start()
    {
        if (_orphans > 0)
            Log.Orphans(_logger, _orphans);
        foreach (var entity in _byKey.Values)
            entity.Start();
    }

    public void OnFlushed(long position)
    {
        foreach (var entity in _byKey.Values)
            entity.OnFlushed(position);
    }

    public void Dispose()
    {
        foreach (var entity in _byKey.Values)
            entity.Dispose();
    }

    // Names ignore case.
    private static uint KeyOf(string name)
    {
        var crc = 0u;
        foreach (var b in Encoding.UTF8.GetBytes(name.ToLower(CultureInfo.InvariantCulture)))
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Count} records are of queues that are no longer declared: their messages are gone.")]
        public static partial void Orphans(ILogger logger, long count);
    }
}
