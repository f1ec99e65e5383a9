using System.Text.Json;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>One entry of the catalogue: an event that can be published and subscribed to.</summary>
public sealed class EventType
{
    private static readonly OrganizationId s_exampleOrganization = OrganizationId.TryFrom(1, out var id) ? id : default;

    internal EventType(CatalogueFile file, IReadOnlyList<EventParameter> parameters)
    {
        Name = file.Name;
        Source = file.Source;
        Category = file.Category;
        Description = file.Description;
        Parameters = parameters;
        ExampleData = EventTypeDocument.Compact(file.Example);
        Document = EventTypeDocument.Write(this, ExamplePayload(s_exampleOrganization).Span);
    }

    /// <summary>What subscriptions name it by. Case matters.</summary>
    public string Name { get; }

    /// <summary>Who makes it: <c>air</c> or <c>relay</c>.</summary>
    public string Source { get; }

    /// <summary>What it is about, for people who look through the catalogue.</summary>
    public string Category { get; }

    /// <summary>When it happens.</summary>
    public string Description { get; }

    /// <summary>The members of <c>data</c>, in the order of the specification.</summary>
    public IReadOnlyList<EventParameter> Parameters { get; }

    /// <summary>The example's <c>data</c>, compact.</summary>
    public JsonElement ExampleData { get; }

    /// <summary>This event type as JSON, as <c>GET /api/event-types/{name}</c> answers it.</summary>
    internal ReadOnlyMemory<byte> Document { get; }

    /// <summary>The example as an organization's receiver gets it.</summary>
    public ReadOnlyMemory<byte> ExamplePayload(OrganizationId organization) => EventPayload.Compose(Name, organization, ExampleData);

    /// <summary>What is wrong with an event's <c>data</c>, by parameter: missing or of another type. Members that the catalogue doesn't know are fine.</summary>
    public IEnumerable<(string Parameter, string Problem)> Check(JsonElement data)
    {
        foreach (var parameter in Parameters)
        {
            if (!data.TryGetProperty(parameter.Name, out var value))
            {
                if (!parameter.Type.AllowsNull)
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
public sealed record EventParameter(string Name, ParameterType Type, string Description);
