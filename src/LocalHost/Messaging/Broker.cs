using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using LocalHost.Storage;
using Microsoft.Extensions.Logging;

namespace LocalHost.Messaging;

/// <summary>The queues of <c>servicebus.json</c>, stored in the database.</summary>
/// <remarks>
/// The semantics are those of Service Bus: peek-lock with a delivery count, dead-letter queues, scheduled messages, duplicate detection. A
/// crash of the process has the effect of a lost receiver: its deliveries count, and its locks are released.
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
            _entities.Add(queue.Name, new BrokerEntity(queue, GetOrAddNumber(queue.Name, numbers), database, cipher, time, logger));
        }

        WarnUndeclared(numbers);
    }

    /// <summary>The declared queues.</summary>
    public IEnumerable<BrokerEntity> Entities => _entities.Values;

    /// <summary>Gets the declared queue of this name, to send to.</summary>
    public bool TryGetEntity(string name, [MaybeNullWhen(false)] out BrokerEntity entity) => _entities.TryGetValue(name, out entity);

    /// <summary>Gets the queue to receive from: a name, or a name and <c>/$DeadLetterQueue</c>, ignoring case.</summary>
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

    /// <summary>As <see cref="TryGetQueue"/>, for a queue that exists.</summary>
    public BrokerQueue GetQueue(string path) =>
        TryGetQueue(path, out var queue) ? queue : throw new ArgumentException($"Queue {path} not found.", nameof(path));

    /// <summary>Loads the queues. Afterwards messages can be sent, received and settled.</summary>
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

    private ushort GetOrAddNumber(string queue, Dictionary<string, ushort> numbers)
    {
        if (!numbers.TryGetValue(queue, out var number))
        {
            number = (ushort)(numbers.Count + 1);
            numbers.Add(queue, number);
            _database.Submit(new RegisterOperation(queue, number));
        }

        return number;
    }

    private void WarnUndeclared(Dictionary<string, ushort> numbers)
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

    private sealed class RegisterOperation(string queue, ushort number) : WriteOperation
    {
        public override void Apply(WriteBatch batch) =>
            BinaryPrimitives.WriteUInt16BigEndian(batch.Put(QueueKeys.ForName(queue), sizeof(ushort)), number);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Found {Count} messages in the queue {Queue}, which is no longer declared. They are kept until it is declared again."
        )]
        public static partial void Undeclared(ILogger logger, long count, string queue);
    }
}
