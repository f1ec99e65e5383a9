using Azure.Messaging.ServiceBus;
using LocalHost.Journaling;
using LocalHost.Messaging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost.Tests.Messaging;

/// <summary>A broker on a folder of its own, with a queue that detects duplicates and one that doesn't.</summary>
internal sealed class TestBroker : IDisposable
{
    public static readonly QueueDefinition Plain = new("plain", TimeSpan.FromMinutes(5), 3, false, TimeSpan.Zero);
    public static readonly QueueDefinition Once = new("once", TimeSpan.FromMinutes(1), 10, true, TimeSpan.FromHours(1));

    private readonly TemporaryFolder _folder;
    private bool _ownsFolder;
    private readonly JournalOptions _options;

    public TestBroker(JournalOptions? options = null)
        : this(new TemporaryFolder(), true, new ManualTimeProvider(), options ?? new()) { }

    private TestBroker(TemporaryFolder folder, bool ownsFolder, ManualTimeProvider time, JournalOptions options)
    {
        (_folder, _ownsFolder, Time, _options) = (folder, ownsFolder, time, options);
        Journal = new Journal(folder.Path, options, NullLogger.Instance);
        Broker = new Broker(Journal, [Plain, Once], time, NullLogger.Instance);
        Journal.Open([Broker], _ => BeforeFlushed(), Broker.OnFlushed);
        Broker.Start();
    }

    public ManualTimeProvider Time { get; }

    /// <summary>Holds up the disk: what is written while it runs is not acknowledged.</summary>
    public Action BeforeFlushed { get; set; } = () => { };

    public Journal Journal { get; }

    public Broker Broker { get; }

    public string OldestSegment => Path.GetFileName(Segments[0]);

    public int SegmentCount => Segments.Length;

    private string[] Segments => [.. Directory.GetFiles(_folder.Path, "*.journal").Order(StringComparer.Ordinal)];

    public BrokerQueue Queue => Broker.GetQueue("plain");

    public BrokerQueue DeadLetters => Broker.GetQueue("plain/$DeadLetterQueue");

    /// <summary>The broker as it comes up again after being killed at this moment, and everything it does from then on, on a copy of the folder.</summary>
    /// <param name="lost">How many bytes of the last write did not reach the disk.</param>
    public TestBroker Crash(int lost = 0)
    {
        var copy = new TemporaryFolder();
        foreach (var file in Segments)
            File.Copy(file, Path.Combine(copy.Path, Path.GetFileName(file)));
        if (lost > 0)
        {
            using var newest = File.OpenWrite(Path.Combine(copy.Path, Path.GetFileName(Segments[^1])));
            newest.SetLength(newest.Length - lost);
        }
        return new TestBroker(copy, true, Time, _options);
    }

    /// <summary>Makes the write after the current segment fail: it can't be created where a directory has its name.</summary>
    public void BlockNextSegment() => Directory.CreateDirectory(Path.Combine(_folder.Path, $"{Journal.FlushedTo:D19}.journal"));

    /// <summary>Closes in good order and opens again.</summary>
    public TestBroker Restart()
    {
        Close();
        _ownsFolder = false;
        return new TestBroker(_folder, true, Time, _options);
    }

    public async Task<long> SendAsync(string queue, params ServiceBusMessage[] messages)
    {
        Assert.True(Broker.TryGetEntity(queue, out var entity));
        return await entity.SendAsync(OutgoingBatch.Of(messages));
    }

    public Task<long> PutAsync(params string[] bodies) => SendAsync("plain", [.. bodies.Select(body => Message(body))]);

    public IReadOnlyList<ServiceBusReceivedMessage> Receive(int max = 1000) => Queue.Receive(max);

    public ServiceBusReceivedMessage ReceiveOne(BrokerQueue? queue = null) => Assert.Single((queue ?? Queue).Receive(1));

    public static ServiceBusMessage Message(string body, string? id = null)
    {
        var message = new ServiceBusMessage(new BinaryData(body).ToMemory());
        if (id is not null)
            message.MessageId = id;
        return message;
    }

    public static string[] Bodies(IEnumerable<ServiceBusReceivedMessage> messages) => [.. messages.Select(message => message.Body.ToString())];

    public void Dispose()
    {
        Close();
        if (_ownsFolder)
            _folder.Dispose();
    }

    private void Close()
    {
        Broker.Dispose();
        Journal.Dispose();
    }
}
