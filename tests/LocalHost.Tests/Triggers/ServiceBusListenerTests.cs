using System.Collections.Concurrent;
using System.Reflection;
using Azure.Messaging.ServiceBus;
using LocalHost.Functions;
using LocalHost.Tests.Messaging;
using LocalHost.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost.Tests.Triggers;

public sealed class ServiceBusListenerTests : IAsyncDisposable
{
    private readonly TestBroker _broker = new();
    private readonly BlockingCollection<Invocation> _invocations = [];
    private ServiceBusListener? _listener;

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
        {
            _invocations.CompleteAdding();
            foreach (var waiting in _invocations)
            {
                waiting.End.TrySetResult();
            }

            await _listener.StopAsync(CancellationToken.None);
            _listener.Dispose();
        }
        _broker.Dispose();
        _invocations.Dispose();
    }

    [Fact]
    public async Task Message_is_completed_when_the_function_returns()
    {
        Start(nameof(Single));
        await _broker.PutAsync("x");
        var invocation = await NextAsync();
        Assert.Equal("x", invocation.Message.Body.ToString());
        Assert.Equal(1, _broker.Queue.LockedCount);

        invocation.End.SetResult();
        await EventuallyAsync(() => _broker.Queue.LockedCount == 0);
        Assert.Equal(0, _broker.Queue.ReadyCount);
    }

    [Fact]
    public async Task Message_is_redelivered_when_the_function_throws_and_dead_lettered_in_the_end()
    {
        Start(nameof(Single));
        await _broker.PutAsync("x");
        for (var i = 1; i <= TestBroker.Plain.MaxDeliveryCount; i++)
        {
            var invocation = await NextAsync();
            Assert.Equal(i, invocation.Message.DeliveryCount);
            invocation.End.SetException(new InvalidOperationException("no"));
        }
        await EventuallyAsync(() => _broker.DeadLetters.ReadyCount == 1);
    }

    [Fact]
    public async Task Messages_run_concurrently_up_to_the_limit()
    {
        Start(nameof(Single), new() { MaxConcurrentCalls = 3 });
        await _broker.PutAsync("1", "2", "3", "4", "5");
        var running = new[] { await NextAsync(), await NextAsync(), await NextAsync() };
        Assert.Empty(_invocations);
        Assert.Equal(2, _broker.Queue.ReadyCount);

        running[1].End.SetResult();
        Assert.Equal("4", (await NextAsync()).EndNow().Message.Body.ToString());
        Assert.Equal("5", (await NextAsync()).EndNow().Message.Body.ToString());
        running[0].End.SetResult();
        running[2].End.SetResult();
    }

    [Fact]
    public async Task Function_settles_its_message_itself()
    {
        Start(nameof(SingleSettling));
        await _broker.PutAsync("x");
        var first = await NextAsync();
        await first.Actions.AbandonMessageAsync(first.Message, new Dictionary<string, object>(StringComparer.Ordinal) { ["try"] = 2 });
        first.End.SetResult();

        var second = await NextAsync();
        Assert.Equal(2, second.Message.ApplicationProperties["try"]);
        await second.Actions.DeadLetterMessageAsync(second.Message, deadLetterReason: "Bad", deadLetterErrorDescription: "Why");
        await Assert.ThrowsAsync<ServiceBusException>(() => second.Actions.CompleteMessageAsync(second.Message));
        second.End.SetResult();
        Assert.Equal("Bad", _broker.ReceiveOne(_broker.DeadLetters).DeadLetterReason);
    }

    [Fact]
    public async Task Unsettled_message_stays_locked_without_automatic_completion()
    {
        Start(nameof(SingleSettling));
        await _broker.PutAsync("x");
        (await NextAsync()).EndNow();
        await StopAsync();
        Assert.Equal(1, _broker.Queue.LockedCount);
        _broker.Time.Advance(TestBroker.Plain.LockDuration);
        Assert.Equal(2, _broker.ReceiveOne().DeliveryCount);
    }

    [Fact]
    public async Task Message_cannot_be_settled_after_the_invocation()
    {
        Start(nameof(SingleSettling));
        await _broker.PutAsync("x");
        var invocation = (await NextAsync()).EndNow();
        await StopAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => invocation.Actions.CompleteMessageAsync(invocation.Message));
    }

    [Fact]
    public async Task Lock_is_renewed_while_a_message_runs_up_to_the_limit()
    {
        Start(nameof(Single), new() { MaxAutoLockRenewalDuration = TimeSpan.FromMinutes(5) });
        await _broker.PutAsync("x");
        var invocation = await NextAsync();
        for (var i = 0; i < 9; i++)
        {
            _broker.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(1, _broker.Queue.LockedCount);
        Assert.Empty(_invocations);

        _broker.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(2, (await NextAsync()).EndNow().Message.DeliveryCount);
        invocation.End.SetResult();
    }

    [Fact]
    public async Task Batch_has_all_waiting_messages_up_to_the_limit_and_runs_alone()
    {
        await _broker.PutAsync("1", "2", "3", "4", "5");
        Start(nameof(Batched), new() { MaxMessageBatchSize = 3 });
        var first = await NextAsync();
        Assert.Equal(["1", "2", "3"], Bodies(first.Messages));
        Assert.Empty(_invocations);

        first.End.SetResult();
        Assert.Equal(["4", "5"], Bodies((await NextAsync()).EndNow().Messages));
        await EventuallyAsync(() => _broker.Queue.LockedCount == 0);
        Assert.Equal(0, _broker.Queue.ReadyCount);
    }

    [Fact]
    public async Task Failed_batch_is_abandoned_except_for_settled_messages()
    {
        await _broker.PutAsync("1", "2", "3");
        Start(nameof(Batched));
        var first = await NextAsync();
        await first.Actions.CompleteMessageAsync(first.Messages[0]);
        await first.Actions.DeadLetterMessageAsync(first.Messages[1], deadLetterReason: "Bad");
        first.End.SetException(new InvalidOperationException("no"));

        var second = await NextAsync();
        Assert.Equal(["3"], Bodies(second.Messages));
        Assert.Equal(2, second.Messages[0].DeliveryCount);
        second.End.SetResult();
        Assert.Equal(1, _broker.DeadLetters.ReadyCount);
    }

    [Fact]
    public async Task Stop_waits_for_running_invocations_and_starts_none()
    {
        Start(nameof(Single));
        await _broker.PutAsync("x");
        var invocation = await NextAsync();
        var stopping = _listener!.StopAsync(CancellationToken.None);
        await _broker.PutAsync("y");
        Assert.False(stopping.IsCompleted);
        Assert.False(invocation.CancellationToken.IsCancellationRequested);

        invocation.End.SetResult();
        await stopping;
        Assert.Equal(["y"], TestBroker.Bodies(_broker.Receive()));
        Forget();
    }

    [Fact]
    public async Task Stop_cancels_running_invocations_when_its_time_is_over()
    {
        Start(nameof(Single));
        await _broker.PutAsync("x");
        var invocation = await NextAsync();
        using var timeout = new CancellationTokenSource();
        var stopping = _listener!.StopAsync(timeout.Token);
        await timeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopping);
        Assert.True(invocation.CancellationToken.IsCancellationRequested);
        invocation.End.SetResult();
        await EventuallyAsync(() => _broker.Queue.LockedCount == 0);
        Forget();
    }

    private static void Single([ServiceBusTrigger("plain")] ServiceBusReceivedMessage message) => _ = message;

    private static void SingleSettling([ServiceBusTrigger("plain", AutoCompleteMessages = false)] ServiceBusReceivedMessage message) =>
        _ = message;

    private static void Batched([ServiceBusTrigger("plain", IsBatched = true)] ServiceBusReceivedMessage[] messages) => _ = messages;

    private void Start(string function, ServiceBusOptions? options = null)
    {
        var parameter = typeof(ServiceBusListenerTests)
            .GetMethod(function, BindingFlags.NonPublic | BindingFlags.Static)!
            .GetParameters()
            .Single();
        var binding = parameter.GetCustomAttribute<ServiceBusTriggerAttribute>()!;
        _listener = new ServiceBusListener(
            new LocalFunction(function, parameter, binding, InvokeAsync),
            _broker.Queue,
            options ?? new(),
            _broker.Time,
            NullLogger<ServiceBusListener>.Instance
        );
        _listener.Start();
    }

    private async Task StopAsync()
    {
        await _listener!.StopAsync(CancellationToken.None);
        Forget();
    }

    private void Forget()
    {
        _listener!.Dispose();
        _listener = null;
    }

    private async Task<object?> InvokeAsync(object triggerValue, InvocationFeatures features, CancellationToken cancellationToken)
    {
        var messages = triggerValue as ServiceBusReceivedMessage[] ?? [(ServiceBusReceivedMessage)triggerValue];
        var invocation = new Invocation(messages, features.MessageActions!, cancellationToken);
        _invocations.Add(invocation, CancellationToken.None);
        await invocation.End.Task;
        return null;
    }

    private Task<Invocation> NextAsync() =>
        Task.Run(() =>
            _invocations.TryTake(out var next, TimeSpan.FromSeconds(30))
                ? next
                : throw new TimeoutException("The function was not invoked.")
        );

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        var deadline = Environment.TickCount64 + 30_000;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline);
            await Task.Delay(1);
        }
    }

    private static IEnumerable<string> Bodies(IEnumerable<ServiceBusReceivedMessage> messages) =>
        messages.Select(message => message.Body.ToString());

    private sealed record Invocation(
        IReadOnlyList<ServiceBusReceivedMessage> Messages,
        ServiceBusMessageActions Actions,
        CancellationToken CancellationToken
    )
    {
        public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ServiceBusReceivedMessage Message => Messages.Single();

        public Invocation EndNow()
        {
            End.SetResult();
            return this;
        }
    }
}
