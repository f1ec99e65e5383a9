using System.Net.Http.Headers;
using EventSubscriptions.Subscriptions.Formats.Templates;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>How the body of a subscription's requests is made.</summary>
public abstract record SubscriptionFormat
{
    /// <summary>That of subscriptions that choose none.</summary>
    public static readonly SubscriptionFormat Default = new Standard();

    private SubscriptionFormat() { }

    /// <summary>Its name in the API and in the table.</summary>
    public abstract FormatType Type { get; }

    /// <summary>Makes the body. Throws <see cref="TemplateException"/> if the template fails on the event.</summary>
    internal abstract RequestBody Compose(in EventContent content, TimeProvider time);

    /// <summary>The payload, as it is.</summary>
    public sealed record Standard : SubscriptionFormat
    {
        public override FormatType Type => FormatType.Standard;

        internal override RequestBody Compose(in EventContent content, TimeProvider time) => RequestBody.Of(content.Payload);
    }

    /// <summary>A CloudEvent 1.0 in structured mode.</summary>
    public sealed record CloudEvents : SubscriptionFormat
    {
        private static readonly MediaTypeHeaderValue s_contentType = new("application/cloudevents+json");

        public override FormatType Type => FormatType.CloudEvents;

        internal override RequestBody Compose(in EventContent content, TimeProvider time) =>
            new(CloudEvent.Compose(content), s_contentType);
    }

    /// <summary>The output of a Liquid template.</summary>
    /// <param name="Preset">The name of the preset that it was made from, or null.</param>
    public sealed record Template(LiquidTemplate Body, TemplateContentType ContentType, string? Preset, TemplateSecrets Secrets)
        : SubscriptionFormat
    {
        public override FormatType Type => FormatType.Template;

        internal override RequestBody Compose(in EventContent content, TimeProvider time) =>
            new(Body.Render(content, Secrets, ContentType, time), ContentType.Header);
    }
}
