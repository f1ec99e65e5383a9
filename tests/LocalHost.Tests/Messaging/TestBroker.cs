using System.Text;
using EventSubscriptions.Secrets;
using LocalHost.Messaging;
using LocalHost.Storage;
using LocalHost.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost.Tests.Messaging;

/// <summary>A broker on a folder of its own, with a queue that detects duplicates and one that doesn't.</summary>
internal sealed class TestBroker : IDisposable
{
    public static readonly QueueDefinition Plain = new("plain", TimeSpan.FromMinutes(5), 3, false, TimeSpan.Zero);
    public static readonly QueueDefinition Once = new("once", TimeSpan.FromMinutes(1), 10, true, TimeSpan.FromHours(1));

    /// <summary>So that table files are written and compacted all the time.</summary>
    public static readonly DatabaseOptions Small = new() { RocksDb = new DatabaseOptions().RocksDb + ";write_buffer_size=64K" };

    private readonly TemporaryFolder _folder;
    private readonly DatabaseOptions _options;
    private readonly int _readAhead;
    private readonly SecretKey[] _keys;
    private bool _ownsFolder;

    public TestBroker(DatabaseOptions? options = null, int? readAhead = null)
        : this(new TemporaryFolder(), new TestClock(), options ?? new(), readAhead ?? Plain.ReadAhead, []) { }

    private TestBroker(TemporaryFolder folder, TestClock time, DatabaseOptions options, int readAhead, SecretKey[] keys)
    {
        (_folder, _ownsFolder, Time, _options, _readAhead, _keys) = (folder, true, time, options, readAhead, keys);
        Database = Database.Open(Path.Combine(folder.Path, "db"), NullLogger.Instance, options with { Write = Write });
        Broker = new Broker(
            Database,
            [Plain with { ReadAhead = readAhead }, Once with { ReadAhead = readAhead }],
            new MessageCipher(keys),
            time,
            NullLogger.Instance
        );
        Broker.Start();
    }

    public TestClock Time { get; }

    /// <summary>Holds up the disk: what is written while it runs is not acknowledged. If it throws, the write fails.</summary>
    public Action BeforeWrite { get; set; } = () => { };

    /// <summary>If it throws, the write fails although it was done.</summary>
    public Action AfterWrite { get; set; } = () => { };

    public Database Database { get; }

    public Broker Broker { get; }

    public BrokerQueue Queue => Broker.GetQueue("plain");

    public BrokerQueue DeadLetters => Broker.GetQueue("plain/$DeadLetterQueue");

    public string Folder => Path.Combine(_folder.Path, "db");

    /// <summary>
    /// The broker as it comes up again after being killed at this moment, and everything it does from then on, on a copy of the folder.
    /// </summary>
    /// <param name="lost">How many bytes of the last write did not reach the disk.</param>
    public TestBroker Crash(int lost = 0)
    {
        var copy = new TemporaryFolder();
        var folder = Path.Combine(copy.Path, "db");
        if (_options == Small)
        {
            // Files come and go.
            Database.Checkpoint(folder);
            return new TestBroker(copy, Time, _options, _readAhead, _keys);
        }

        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(Folder))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        if (lost > 0)
        {
            using var log = File.OpenWrite(Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal).Last());
            log.SetLength(log.Length - lost);
        }

        return new TestBroker(copy, Time, _options, _readAhead, _keys);
    }

    /// <summary>Closes in good order and opens again.</summary>
    public TestBroker Restart(params SecretKey[] keys)
    {
        Close();
        _ownsFolder = false;
        return new TestBroker(_folder, Time, _options, _readAhead, keys);
    }

    /// <summary>Waits until everything that was begun is on disk and has taken effect.</summary>
    public async Task FlushAsync()
    {
        var deadline = Environment.TickCount64 + 30_000;
        do
        {
            Assert.True(Environment.TickCount64 < deadline, "Messages that are due don't become receivable.");
            await Database.FlushAsync();
        } while (Broker.Entities.Any(entity => entity.HasDueMessages));
    }

    public async Task<long> SendAsync(string queue, params NewMessage[] messages)
    {
        Assert.True(Broker.TryGetEntity(queue, out var entity));
        using var batch = OutgoingBatch.Of(messages);
        return await entity.SendAsync(batch);
    }

    public Task<long> PutAsync(params string[] bodies) => SendAsync("plain", [.. bodies.Select(body => Message(body))]);

    public IReadOnlyList<ReceivedMessage> Receive(int max = 1000) => Queue.Receive(max);

    public ReceivedMessage ReceiveOne(BrokerQueue? queue = null) => Assert.Single((queue ?? Queue).Receive(1));

    public static NewMessage Message(string body, string? id = null) => new() { Body = Encoding.UTF8.GetBytes(body), MessageId = id };

    public static string Body(ReceivedMessage message) => Encoding.UTF8.GetString(message.Body.Span);

    public static string Body(NewMessage message) => Encoding.UTF8.GetString(message.Body.Span);

    public static string[] Bodies(IEnumerable<ReceivedMessage> messages) => [.. messages.Select(Body)];

    public void Dispose()
    {
        Close();
        if (_ownsFolder)
        {
            _folder.Dispose();
        }
    }

    private void Write(Action<ReadOnlySpan<byte>> write, ReadOnlySpan<byte> batch)
    {
        BeforeWrite();
        write(batch);
        AfterWrite();
    }

    private void Close()
    {
        Broker.Dispose();
        Database.Dispose();
    }
}
