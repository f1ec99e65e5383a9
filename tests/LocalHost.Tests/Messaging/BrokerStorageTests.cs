using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Secrets;
using LocalHost.Storage;
using LocalHost.Storage.Native;
using LocalHost.Tests.Storage;

namespace LocalHost.Tests.Messaging;

/// <summary>What becomes of messages when the disk fails, and who can read them there.</summary>
public sealed class BrokerStorageTests : IDisposable
{
    private static readonly SecretKey s_key = new("key", RandomNumberGenerator.GetBytes(32));

    private readonly TestBroker _broker = new(
        new DatabaseOptions { RetryInterval = TimeSpan.FromMilliseconds(20), MinFreeBytesToReopen = 0 }
    );

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Message_is_not_a_duplicate_when_its_first_write_failed()
    {
        Fail();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _broker.SendAsync("once", TestBroker.Message("1", "a")));
        Recover();
        Assert.Empty(_broker.Broker.GetQueue("once").Receive(1));

        Assert.Equal(1, await _broker.SendAsync("once", TestBroker.Message("2", "a")));
        Assert.Equal(["2"], TestBroker.Bodies(_broker.Broker.GetQueue("once").Receive(10)));
    }

    [Fact]
    public async Task Message_keeps_its_lock_when_settling_could_not_be_stored()
    {
        await _broker.PutAsync("1", "2", "3");
        var received = _broker.Receive();
        Fail();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _broker.Queue.CompleteAsync(received[0].LockToken).AsTask());
        await Assert.ThrowsAsync<StorageUnavailableException>(() =>
            _broker.Queue.DeadLetterAsync(received[1].LockToken, "r", null).AsTask()
        );
        Assert.Throws<StorageUnavailableException>(() => _broker.Receive());
        Recover();

        Assert.Empty(_broker.Receive());
        await _broker.Queue.CompleteAsync(received[0].LockToken);
        await _broker.Queue.DeadLetterAsync(received[1].LockToken, "r", null);
        await _broker.Queue.CompleteAsync(received[2].LockToken);
        Assert.Equal((0, 0, 1), _broker.Broker.Entities.First().Count());
    }

    [Fact]
    public async Task Message_whose_lock_expired_while_settling_failed_is_received_again()
    {
        await _broker.PutAsync("x");
        var received = _broker.ReceiveOne();
        Fail();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _broker.Queue.CompleteAsync(received.LockToken).AsTask());
        _broker.Time.Advance(TestBroker.Plain.LockDuration);
        Recover();
        Assert.Equal(2, _broker.ReceiveOne().DeliveryCount);
    }

    [Fact]
    public async Task Message_is_received_after_the_recovery_when_it_was_stored_although_its_write_failed()
    {
        Fail(afterWriting: true);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _broker.SendAsync("once", TestBroker.Message("1", "a")));
        Recover();

        await _broker.SendAsync("once", TestBroker.Message("2", "a"));
        Assert.Equal(["1"], TestBroker.Bodies(_broker.Broker.GetQueue("once").Receive(10)));
    }

    [Fact]
    public async Task Scheduled_message_becomes_due_after_the_disk_failed()
    {
        var message = TestBroker.Message("x");
        message.ScheduledEnqueueTime = _broker.Time.GetUtcNow().AddSeconds(10);
        await _broker.SendAsync("plain", message);
        Fail();
        _broker.Time.Advance(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _broker.Database.FlushAsync().AsTask());
        Recover();
        _broker.Time.Advance(TimeSpan.FromSeconds(1));
        await _broker.FlushAsync();
        Assert.Equal(["x"], TestBroker.Bodies(_broker.Receive()));
    }

    [Fact]
    public async Task Bodies_are_encrypted_in_every_file()
    {
        using var broker = _broker.Restart(s_key);
        for (var i = 0; i < 10; i++)
        {
            await broker.SendAsync("plain", TestBroker.Message("a secret body"));
        }

        await broker.Queue.DeadLetterAsync(broker.ReceiveOne().LockToken, "r", null);
        await broker.Queue.AbandonAsync(
            broker.ReceiveOne().LockToken,
            new Dictionary<string, object>(StringComparer.Ordinal) { ["p"] = 1 }
        );
        broker.Database.Checkpoint(broker.Folder + "-copy");

        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(broker.Folder)!, "*", SearchOption.AllDirectories))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            Assert.DoesNotContain("a secret body", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        }

        Assert.Equal("a secret body", TestBroker.Body(broker.ReceiveOne(broker.DeadLetters)));
    }

    [Fact]
    public async Task Message_stays_queued_until_its_missing_key_is_back()
    {
        using var first = _broker.Restart(s_key);
        await first.PutAsync("1", "2");
        var other = new SecretKey("other", RandomNumberGenerator.GetBytes(32));
        using var second = first.Restart(other);
        await second.PutAsync("3");
        Assert.Equal(["3"], TestBroker.Bodies(second.Receive()));
        Assert.Empty(second.DeadLetters.Receive(1));
        Assert.Equal(3, second.Broker.Entities.First().Count().Active);

        using var third = second.Restart(other, s_key);
        Assert.Equal(["1", "2", "3"], TestBroker.Bodies(third.Receive()));
    }

    private void Fail(bool afterWriting = false)
    {
        const string Full = "IO error: No space left on device";
        if (afterWriting)
        {
            _broker.AfterWrite = () => throw new RocksDbException(Full);
        }
        else
        {
            _broker.BeforeWrite = () => throw new RocksDbException(Full);
        }
    }

    private void Recover()
    {
        _broker.BeforeWrite = _broker.AfterWrite = () => { };
        Assert.True(SpinWait.SpinUntil(() => _broker.Database.IsHealthy, TimeSpan.FromSeconds(30)));
    }
}
