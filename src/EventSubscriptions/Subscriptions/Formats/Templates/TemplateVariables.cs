using EventSubscriptions.Events;
using Fluid;
using Fluid.Values;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>The variables of templates.</summary>
internal static class TemplateVariables
{
    private const string EventName = "eventName";
    private const string OrganizationId = "organizationId";
    private const string EventId = "eventId";
    private const string Timestamp = "timestamp";
    private const string Data = "data";
    public const string Secrets = "secrets";

    public static IReadOnlyList<string> All { get; } = [EventName, OrganizationId, EventId, Timestamp, Data, Secrets];

    public static void Assign(TemplateContext context, in EventContent content, TemplateSecrets secrets, RenderBudget budget)
    {
        context.SetValue(EventName, new StringValue(content.Name.ToString()));
        context.SetValue(OrganizationId, NumberValue.Create(content.Organization.Value));
        context.SetValue(EventId, new StringValue(content.Id.ToString()));
        context.SetValue(Timestamp, new StringValue(EventTime.Format(content.PublishedAt)));
        context.SetValue(Data, JsonValues.Of(EventPayload.Parse(content.Payload).GetProperty(Data), budget));
        context.SetValue(Secrets, new SecretsValue(secrets));
    }

    /// <summary>The secrets by name, and nothing else: they can't be listed.</summary>
    private sealed class SecretsValue(TemplateSecrets secrets) : FluidValue
    {
        public override FluidValues Type => FluidValues.Object;

        public override ValueTask<FluidValue> GetValueAsync(string name, TemplateContext context) =>
            secrets.Find(name) is { } secret ? new StringValue(secret) : NilValue.Instance;

        public override ValueTask<FluidValue> GetIndexAsync(FluidValue index, TemplateContext context) =>
            GetValueAsync(index.ToStringValue(), context);

        public override bool Equals(FluidValue? other) => ReferenceEquals(this, other);

        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        public override int GetHashCode() => 0;

        public override bool ToBooleanValue() => true;

        public override decimal ToNumberValue() => 0;

        public override string ToStringValue() => "";

        public override object ToObjectValue() => "";
    }
}
