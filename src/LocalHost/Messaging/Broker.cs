using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using LocalHost.Storage;
using Microsoft.Extensions.Logging;

namespace LocalHost.Messaging;

/// <summary>The queues of <c>servicebus.json</c>, kept in the database.</summary>
/// <remarks>
/// The semantics are those of Service Bus: a lock for each delivery, a delivery count, a dead-letter queue, scheduled messages, duplicate
/// detection. A process that dies is to it what a lost receiver is to the service: its deliveries have counted, and its messages are free
/// again.
/// </remarks>
internal sealed partial class Broker : IDisposable
{
    private readonly Dictionary<string, BrokerEntity> _entities = new(StringComparer.OrdinalIgnoreCase);
    private readonly Database _database;
    private readonly ILogger _logger;

    public Broker(Database database, IEnumerable<QueueDefinition> queues, MessageCipher cipher, TimeProvider time, ILogger logger)
    {
        _database = database;
        _logger = logger;
        var numbers = ReadNumbers();
        foreach (var queue in queues)
        {
            _entities.Add(queue.Name, new BrokerEntity(queue, NumberOf(queue.Name, numbers), database, cipher, time, logger));
        }

        WarnOfUndeclared(numbers);
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
        queue =
            !_entities.TryGetValue(name, out var entity) ? null
            : suffix is null ? entity.Main
            : suffix.Equals(BrokerQueue.DeadLetterSuffix, StringComparison.OrdinalIgnoreCase) ? entity.DeadLetters
            : null;
        return queue is not null;
    }

    /// <summary>As <see cref="TryGetQueue"/>, for a queue that is known to be declared.</summary>
    public BrokerQueue GetQueue(string path) =>
        TryGetQueue(path, out var queue) ? queue : throw new ArgumentException($"Queue {path} not found.", nameof(path));

    /// <summary>From now on messages can be received, sent and settled.</summary>
    public void Start()
    {
        foreach (var entity in _entities.Values)
        {
            entity.Start();
        }
    }

    public void Dispose()
    {
        foreach (var entity in _entities.Values)
        {
            entity.Dispose();
        }
    }

    private Dictionary<string, ushort> ReadNumbers()
    {
        var numbers = new Dictionary<string, ushort>(StringComparer.OrdinalIgnoreCase);
        using var rows = _database.Scan([KeySpace.Queues], [KeySpace.Queues + 1]);
        while (rows.MoveNext())
        {
            numbers.Add(Encoding.UTF8.GetString(rows.Key[1..]), BinaryPrimitives.ReadUInt16BigEndian(rows.Value));
        }

        return numbers;
    }

    private ushort NumberOf(string queue, Dictionary<string, ushort> numbers)
    {
        if (!numbers.TryGetValue(queue, out var number))
        {
            number = (ushort)(numbers.Count + 1);
            numbers.Add(queue, number);
            _database.Submit(new Register(queue, number));
        }

        return number;
    }

    private void WarnOfUndeclared(Dictionary<string, ushort> numbers)
    {
        foreach (var (name, number) in numbers)
        {
            if (
                !_entities.ContainsKey(name)
                && _database.Get(new QueueKeys(number).State) is { } row
                && QueueState.Read(row) is var state
                && state.Active + state.Scheduled + state.DeadLetters is > 0 and var count
            )
            {
                Log.Undeclared(_logger, count, name);
            }
        }
    }

    private sealed class Register(string queue, ushort number) : WriteOperation
    {
        public override void Apply(WriteBatch batch) =>
            BinaryPrimitives.WriteUInt16BigEndian(batch.Put(QueueKeys.NameOf(queue), sizeof(ushort)), number);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "{Count} messages are in the queue {Queue}, which is no longer declared. They are kept until it is declared again."
        )]
        public static partial void Undeclared(ILogger logger, long count, string queue);
    }
}
