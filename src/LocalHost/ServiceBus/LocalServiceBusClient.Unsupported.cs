using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;

namespace LocalHost.ServiceBus;

/// <content>Members that the product doesn't use.</content>
internal sealed partial class LocalServiceBusClient
{
    public override ServiceBusSender CreateSender(string queueOrTopicName, ServiceBusSenderOptions options) => throw Unsupported.Member();

    public override ServiceBusReceiver CreateReceiver(string queueName, ServiceBusReceiverOptions options) => throw Unsupported.Member();

    public override ServiceBusReceiver CreateReceiver(string topicName, string subscriptionName) => throw Unsupported.Member();

    public override ServiceBusReceiver CreateReceiver(string topicName, string subscriptionName, ServiceBusReceiverOptions options) =>
        throw Unsupported.Member();

    public override Task<ServiceBusSessionReceiver> AcceptNextSessionAsync(
        string queueName,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task<ServiceBusSessionReceiver> AcceptNextSessionAsync(
        string topicName,
        string subscriptionName,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task<ServiceBusSessionReceiver> AcceptSessionAsync(
        string queueName,
        string sessionId,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task<ServiceBusSessionReceiver> AcceptSessionAsync(
        string topicName,
        string subscriptionName,
        string sessionId,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override IAsyncEnumerable<string> GetMessageSessionsAsync(string queueName, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override IAsyncEnumerable<string> GetMessageSessionsAsync(
        string queueName,
        DateTimeOffset lastUpdatedTime,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override IAsyncEnumerable<string> GetMessageSessionsAsync(
        string topicName,
        string subscriptionName,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override IAsyncEnumerable<string> GetMessageSessionsAsync(
        string topicName,
        string subscriptionName,
        DateTimeOffset lastUpdatedTime,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override ServiceBusProcessor CreateProcessor(string queueName) => throw Unsupported.Member();

    public override ServiceBusProcessor CreateProcessor(string queueName, ServiceBusProcessorOptions options) => throw Unsupported.Member();

    public override ServiceBusProcessor CreateProcessor(string topicName, string subscriptionName) => throw Unsupported.Member();

    public override ServiceBusProcessor CreateProcessor(string topicName, string subscriptionName, ServiceBusProcessorOptions options) =>
        throw Unsupported.Member();

    public override ServiceBusSessionProcessor CreateSessionProcessor(
        string queueName,
        ServiceBusSessionProcessorOptions? options = null
    ) => throw Unsupported.Member();

    public override ServiceBusSessionProcessor CreateSessionProcessor(
        string topicName,
        string subscriptionName,
        ServiceBusSessionProcessorOptions? options = null
    ) => throw Unsupported.Member();

    public override ServiceBusRuleManager CreateRuleManager(string topicName, string subscriptionName) => throw Unsupported.Member();
}
