using System.Text.Json;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>An event type: what can be published and subscribed to.</summary>
public sealed class EventType
{
    /// <summary>The organization of examples.</summary>
    internal static readonly OrganizationId ExampleOrganization = OrganizationId.TryFrom(1, out var id) ? id : default;

    private StaticContentResult? _result;

    /// <param name="example">The <c>data</c> of the example.</param>
    internal EventType(
        EventName name,
        string source,
        string category,
        string description,
        IReadOnlyList<EventParameter> parameters,
        JsonElement example
    )
    {
        Name = name;
        Source = source;
        Category = category;
        Description = description;
        Parameters = parameters;
        ExampleData = EventTypeDocument.Compact(example);
        Document = EventTypeDocument.Write(this, ExamplePayload(ExampleOrganization).Span);
    }

    /// <summary>Its name in events and subscriptions. Case-sensitive.</summary>
    public EventName Name { get; }

    /// <summary>Its producer, <c>air</c>, <c>relay</c> or <c>system</c>, this app; <c>custom</c> if an admin added it.</summary>
    public string Source { get; }

    /// <summary>Its category, for people who browse the catalogue.</summary>
    public string Category { get; }

    /// <summary>When the event occurs.</summary>
    public string Description { get; }

    /// <summary>The members of <c>data</c>, in the order of the specification.</summary>
    public IReadOnlyList<EventParameter> Parameters { get; }

    /// <summary>The <c>data</c> of the example, compact.</summary>
    public JsonElement ExampleData { get; }

    /// <summary>The response of <c>GET /api/event-types/{name}</c>.</summary>
    internal ReadOnlyMemory<byte> Document { get; }

    internal StaticContentResult Result => _result ??= new StaticContentResult(Document);

    /// <summary>The payload of the example for an organization.</summary>
    public ReadOnlyMemory<byte> ExamplePayload(OrganizationId organization) => EventPayload.Compose(Name, organization, ExampleData);

    /// <summary>
    /// Validates the <c>data</c> of an event: returns the parameters that are missing or have another type. Unknown members are allowed.
    /// </summary>
    public IEnumerable<(string Parameter, string Problem)> Check(JsonElement data)
    {
        foreach (var parameter in Parameters)
        {
            if (!data.TryGetProperty(parameter.Name, out var value))
            {
                if (parameter.IsRequired)
                {
                    yield return (parameter.Name, "is required");
                }
            }
            else if (!parameter.Type.Accepts(value))
            {
                yield return (parameter.Name, parameter.Type.Requirement);
            }
        }
    }
}

/// <summary>A member of an event's <c>data</c>.</summary>
public sealed record EventParameter(string Name, ParameterType Type, string Description, bool IsRequired);
