using System.Runtime.Serialization;
using Azure.Messaging.ServiceBus;
using LocalHost.Messaging;
using LocalHost.ServiceBus;

namespace LocalHost.Tests.Messaging;

public sealed class ServiceBusSenderTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestClock _time = new();
    private readonly DataFolder _data;
    private readonly ServiceBusClient _client;
    private readonly ServiceBusSender _sender;

    public ServiceBusSenderTests()
    {
        _data = DataFolder.Open(_folder.Path, _time);
        _client = new LocalServiceBusClient(_data.Broker);
        _sender = _client.CreateSender("events");
    }

    private BrokerQueue Queue => _data.Broker.GetQueue("events");

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _data.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sent_message_is_on_the_queue()
    {
        await _sender.SendMessageAsync(new ServiceBusMessage("x"u8.ToArray()) { MessageId = "a" });
        await _sender.SendMessageAsync(new ServiceBusMessage());
        Assert.Equal(["x", ""], TestBroker.Bodies(Queue.Receive(10)));
    }

    [Fact]
    public async Task Scheduled_message_has_the_time_and_a_sequence_number()
    {
        var due = _time.GetUtcNow().AddMinutes(5);
        var message = new ServiceBusMessage();
        Assert.Equal(1, await _sender.ScheduleMessageAsync(message, due));
        Assert.Equal(due, message.ScheduledEnqueueTime);
        Assert.Empty(Queue.Receive(1));
    }

    [Fact]
    public async Task Unknown_queue_is_an_entity_not_found()
    {
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() =>
            _client.CreateSender("nowhere").SendMessageAsync(new ServiceBusMessage())
        );
        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, exception.Reason);
        Assert.False(exception.IsTransient);
    }

    [Fact]
    public async Task Message_is_refused_when_body_and_properties_exceed_the_limit()
    {
        await _sender.SendMessageAsync(new ServiceBusMessage(new byte[MessageLimits.Size - 100]));
        await AssertTooLargeAsync(new ServiceBusMessage(new byte[MessageLimits.Size]));
        var message = new ServiceBusMessage(new byte[MessageLimits.Size - 1000]);
        message.ApplicationProperties["p"] = new string('x', 1000);
        await AssertTooLargeAsync(message);
    }

    [Fact]
    public async Task Properties_over_their_limits_are_refused()
    {
        var one = new ServiceBusMessage();
        one.ApplicationProperties["p"] = new string('x', MessageLimits.PropertySize + 1);
        await AssertTooLargeAsync(one);

        var many = new ServiceBusMessage();
        for (var i = 0; i < 5; i++)
        {
            many.ApplicationProperties[$"p{i}"] = new string('x', 15_000);
        }

        await AssertTooLargeAsync(many);
    }

    [Fact]
    public async Task Batch_accepts_what_fits_and_is_sent_as_a_whole()
    {
        using var batch = await _sender.CreateMessageBatchAsync();
        while (batch.TryAddMessage(new ServiceBusMessage(new byte[30_000]))) { }
        Assert.Equal(8, batch.Count);
        Assert.True(batch.TryAddMessage(new ServiceBusMessage(new byte[1000])));

        await _sender.SendMessagesAsync(batch);
        Assert.Equal(9, Queue.Receive(100).Count);
    }

    [Fact]
    public async Task Batch_accepts_4500_messages()
    {
        using var batch = await _sender.CreateMessageBatchAsync();
        for (var i = 0; i < 4500; i++)
        {
            Assert.True(batch.TryAddMessage(new ServiceBusMessage()));
        }

        Assert.False(batch.TryAddMessage(new ServiceBusMessage()));
        await _sender.SendMessagesAsync(batch);
        Assert.Equal(4500, Queue.Receive(4501).Count);
    }

    [Fact]
    public async Task Message_is_sent_as_it_was_when_it_was_added()
    {
        using var batch = await _sender.CreateMessageBatchAsync();
        var message = new ServiceBusMessage("before"u8.ToArray());
        batch.TryAddMessage(message);
        message.Body = new BinaryData("after");
        await _sender.SendMessagesAsync(batch);
        Assert.Equal("before", TestBroker.Body(Assert.Single(Queue.Receive(1))));
    }

    [Fact]
    public async Task Properties_round_trip_with_their_types()
    {
        var values = new object[]
        {
            "text",
            true,
            (byte)1,
            (sbyte)-2,
            (short)-3,
            (ushort)4,
            -5,
            6u,
            -7L,
            8ul,
            1.5f,
            -2.5,
            3.25m,
            'ü',
            Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"),
            new DateTime(2025, 1, 2, 3, 4, 5, DateTimeKind.Utc),
            new DateTimeOffset(2025, 1, 2, 3, 4, 5, TimeSpan.Zero),
            TimeSpan.FromDays(1.5),
            new Uri("https://example.com/a"),
        };
        var message = new ServiceBusMessage();
        for (var i = 0; i < values.Length; i++)
        {
            message.ApplicationProperties[$"p{i}"] = values[i];
        }

        message.ApplicationProperties["null"] = null!;
        await _sender.SendMessageAsync(message);

        var received = Assert.Single(Queue.Receive(1));
        Assert.Equal(values, Enumerable.Range(0, values.Length).Select(i => received.Properties[$"p{i}"]));
        Assert.Null(received.Properties["null"]);
        Assert.Equal(values.Length + 1, received.Properties.Count);
    }

    [Fact]
    public async Task Property_of_another_type_is_refused()
    {
        var message = new ServiceBusMessage();
        message.ApplicationProperties["bytes"] = new byte[3];
        await Assert.ThrowsAsync<SerializationException>(() => _sender.SendMessageAsync(message));
        Assert.Empty(Queue.Receive(1));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(129)]
    public void Message_id_has_1_to_128_characters(object? id)
    {
        var text = id is int length ? new string('x', length) : (string?)id;
        Assert.ThrowsAny<ArgumentException>(() => new ServiceBusMessage { MessageId = text });
        Assert.Equal(
            128,
            new ServiceBusMessage { MessageId = new('ü', 128) }
                .MessageId!
                .Length
        );
    }

    [Fact]
    public async Task Longest_message_id_of_the_widest_characters_is_received()
    {
        var id = new string('€', 128);
        await _sender.SendMessageAsync(new ServiceBusMessage { MessageId = id });
        Assert.Equal(id, Assert.Single(Queue.Receive(1)).MessageId);
    }

    [Fact]
    public async Task Closed_sender_sends_nothing()
    {
        await _sender.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _sender.SendMessageAsync(new ServiceBusMessage()));
    }

    private async Task AssertTooLargeAsync(ServiceBusMessage message)
    {
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => _sender.SendMessageAsync(message));
        Assert.Equal(ServiceBusFailureReason.MessageSizeExceeded, exception.Reason);
    }
}
