using System.Reflection;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Queues;

public sealed class TimedSenderTests : IAsyncDisposable
{
    private static readonly Dictionary<string, Func<ServiceBusSender, CancellationToken, Task>> s_calls = new(StringComparer.Ordinal)
    {
        ["send"] = (sender, token) => sender.SendMessageAsync(Message, token),
        ["send several"] = (sender, token) => sender.SendMessagesAsync([Message], token),
        ["send a batch"] = (sender, token) => sender.SendMessagesAsync(ServiceBusModelFactory.ServiceBusMessageBatch(100, []), token),
        ["create a batch"] = (sender, token) => sender.CreateMessageBatchAsync(token).AsTask(),
        ["create a batch of a size"] = (sender, token) => sender.CreateMessageBatchAsync(new CreateMessageBatchOptions(), token).AsTask(),
        ["schedule"] = (sender, token) => sender.ScheduleMessageAsync(Message, default, token),
        ["schedule several"] = (sender, token) => sender.ScheduleMessagesAsync([Message], default, token),
        ["cancel"] = (sender, token) => sender.CancelScheduledMessageAsync(1, token),
        ["cancel several"] = (sender, token) => sender.CancelScheduledMessagesAsync([1], token),
    };

    private readonly TestClock _clock = new();
    private readonly SilentSender _silent = new("events");
    private readonly TimedSender _sender;

    public TimedSenderTests() => _sender = new TimedSender(_silent, _clock);

    private static ServiceBusMessage Message => new("text");

    public static TheoryData<string> Calls => [.. s_calls.Keys];

    public ValueTask DisposeAsync() => _sender.DisposeAsync();

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Call_fails_after_30_seconds_without_a_response(string name)
    {
        var call = s_calls[name](_sender, CancellationToken.None);

        _clock.Advance(TimeSpan.FromSeconds(29.9));
        Assert.False(call.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.1));

        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => call.WaitAsync(Eventually.Deadline));
        Assert.Equal(
            (ServiceBusFailureReason.ServiceTimeout, true, "events"),
            (exception.Reason, exception.IsTransient, exception.EntityPath)
        );
        Assert.True(_silent.Token.IsCancellationRequested);
        Assert.Equal(0, _clock.PendingTimers);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Cancelled_call_ends_at_once(string name)
    {
        using var cancellation = new CancellationTokenSource();
        var call = s_calls[name](_sender, cancellation.Token);
        Assert.False(call.IsCompleted);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Eventually.Deadline));
        Assert.True(_silent.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task Calls_have_the_results_and_failures_of_the_client()
    {
        using var services = await LocalServices.StartAsync();
        await using var sender = new TimedSender(services.Events, _clock);

        Assert.Equal(1, await sender.ScheduleMessageAsync(Message, services.Time.GetUtcNow().AddMinutes(1)));
        using var batch = await sender.CreateMessageBatchAsync();
        Assert.True(batch.TryAddMessage(Message));
        await sender.SendMessagesAsync(batch);
        Assert.Equal("text", Assert.Single(services.Receive(QueueNames.Events)).Body.ToString());

        services.Events.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        Assert.Same(services.Events.Failure, await Assert.ThrowsAsync<ServiceBusException>(() => sender.SendMessageAsync(Message)));
        Assert.Equal(0, _clock.PendingTimers);
    }

    /// <summary>
    /// The base class would reach for a connection of its own. What disposes it calls <see cref="ServiceBusSender.CloseAsync"/>.
    /// </summary>
    [Fact]
    public void Every_member_calls_the_client() =>
        Assert.Empty(
            from method in typeof(TimedSender).GetMethods(BindingFlags.Public | BindingFlags.Instance)
            where method.IsVirtual && method.DeclaringType == typeof(ServiceBusSender)
            where method.Name is not (nameof(ServiceBusSender.DisposeAsync) or nameof(Equals) or nameof(GetHashCode) or nameof(ToString))
            select method.Name
        );

    [Fact]
    public async Task Every_sender_of_the_app_is_timed()
    {
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddSingleton<TimeProvider>(_clock)
            .AddSingleton<ServiceBusClient>(new SilentBus())
            .AddStorage()
            .AddQueues()
            .BuildServiceProvider();
        var queues = typeof(QueueNames)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Where(name => !name.Contains('/', StringComparison.Ordinal));
        var parameters =
            from type in typeof(QueueNames).Assembly.GetTypes()
            where
                type != typeof(TimedSender)
                && type != typeof(DeadLetterSource)
                && !(type.IsGenericType && type.GetGenericTypeDefinition() == typeof(QueueSource<>))
                && !(type.IsGenericType && type.GetGenericTypeDefinition() == typeof(BatchedSender<>))
            from constructor in type.GetConstructors()
            from parameter in constructor.GetParameters()
            where parameter.ParameterType == typeof(ServiceBusSender)
            select parameter;

        Assert.All(queues, queue => Assert.IsType<TimedSender>(services.GetRequiredKeyedService<ServiceBusSender>(queue)));
        Assert.NotEmpty(parameters);
        Assert.All(
            parameters,
            parameter => Assert.True(parameter.IsDefined(typeof(FromKeyedServicesAttribute)), parameter.Member.DeclaringType!.Name)
        );
    }

    [Fact]
    public void Client_times_out_before_its_callers_do()
    {
        var retries = QueuesServices.ServiceBusOptions.RetryOptions;

        Assert.Equal((TimeSpan.FromSeconds(10), 2, TimeSpan.FromSeconds(2)), (retries.TryTimeout, retries.MaxRetries, retries.MaxDelay));
        Assert.Equal(TimeSpan.FromSeconds(15), StorageServices.TableOptions.Retry.NetworkTimeout);
    }
}
