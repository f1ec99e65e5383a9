using System.Text;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public abstract class WebhookSenderTestBase : IDisposable
{
    private protected const string Token = "s3cret/token+with=signs.0123456789";
    private protected const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private protected static readonly byte[] s_payload = Encoding.UTF8.GetBytes(
        "{\"eventName\":\"CaseCreatedEvent\",\"data\":{\"name\":\"Grüße \\u0041\"}}"
    );

    private protected static readonly SigningSecrets s_secrets = SigningSecrets.New();

    private readonly List<ServiceProvider> _providers = [];

    public virtual void Dispose() => _providers.ForEach(provider => provider.Dispose());

    private protected WebhookSender Sender(TimeSpan? deadline = null, bool insecure = true) =>
        Services(
                new DeliveriesOptions { Deadline = deadline ?? TimeSpan.FromSeconds(60) },
                new DestinationOptions { AllowInsecureDestinations = insecure }
            )
            .GetRequiredService<WebhookSender>();

    private protected ServiceProvider Services(
        DeliveriesOptions deliveries,
        DestinationOptions destinations,
        TimeProvider? time = null,
        Action<IServiceCollection>? add = null
    )
    {
        var services = new ServiceCollection()
            .AddSingleton(time ?? TimeProvider.System)
            .AddDestinations()
            .AddSingleton(destinations)
            .AddSingleton(deliveries)
            .AddSingleton(new ManagedIdentityOptions())
            .AddWebhookSender();
        add?.Invoke(services);
        var provider = services.BuildServiceProvider();
        _providers.Add(provider);
        return provider;
    }

    private protected Task<DeliveryResult> Send(Uri url, WebhookSender? sender = null, CancellationToken cancellationToken = default) =>
        Send(Subscription(url), sender, cancellationToken);

    private protected static Subscription Subscription(Uri url)
    {
        Assert.True(OrganizationId.TryFrom(1, out var organization));
        return new Subscription
        {
            OrganizationId = organization,
            Id = default,
            Name = "Test",
            Url = url,
            Authentication = new SubscriptionAuthentication.Bearer(new Secret(Token)),
            SigningSecrets = s_secrets,
            Events = ["*"],
            IsActive = true,
            CreatedAt = default,
            UpdatedAt = default,
        };
    }

    private protected Task<DeliveryResult> Send(
        Subscription subscription,
        WebhookSender? sender = null,
        CancellationToken cancellationToken = default
    )
    {
        var used = sender ?? Sender();

        // On a thread of its own, so that other tests don't use up the deadline.
        return Task.Run(
            () => used.SendAsync(subscription, Given.EventContent(s_payload), TraceParent, cancellationToken),
            CancellationToken.None
        );
    }
}
