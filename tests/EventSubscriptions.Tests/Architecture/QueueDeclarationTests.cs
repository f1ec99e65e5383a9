using EventSubscriptions.Queues;

namespace EventSubscriptions.Tests.Architecture;

public sealed class QueueDeclarationTests
{
    [Fact]
    public void Emulator_has_the_queues_of_Service_Bus() => Assert.Equal(QueueDeclarations.ServiceBus(), QueueDeclarations.Emulator());

    /// <summary>
    /// Two producers may use the same <c>MessageId</c>: on <c>events</c> the second message would be dropped without a trace.
    /// </summary>
    [Fact]
    public void Queues_detect_duplicates_except_events() =>
        Assert.All(
            QueueDeclarations.ServiceBus(),
            queue => Assert.Equal(queue.Name != QueueNames.Events, queue.RequiresDuplicateDetection)
        );

    [Fact]
    public void Emulator_stays_within_its_limits()
    {
        Assert.All(QueueDeclarations.Emulator(), queue => Assert.InRange(queue.MaxDeliveryCount, 1, 10));
        Assert.All(QueueDeclarations.EmulatorTimesToLive(), time => Assert.InRange(time, TimeSpan.Zero, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Queues_stay_within_the_limits_of_Service_Bus()
    {
        Assert.All(
            QueueDeclarations.ServiceBus(),
            queue =>
            {
                Assert.InRange(queue.LockDuration, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5));
                Assert.Equal(queue.RequiresDuplicateDetection, queue.DuplicateDetectionWindow is not null);
                Assert.InRange(queue.DuplicateDetectionWindow ?? TimeSpan.FromHours(1), TimeSpan.FromSeconds(20), TimeSpan.FromDays(7));
            }
        );
    }
}
