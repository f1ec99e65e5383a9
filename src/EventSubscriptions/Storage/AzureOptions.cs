using EventSubscriptions.Options;

namespace EventSubscriptions.Storage;

/// <summary>The addresses of tables and queues: a connection string each, or a URI that is used with the app's identity.</summary>
public sealed record AzureOptions
{
    /// <summary><c>Tables</c>. Takes precedence over <see cref="TablesUri"/>.</summary>
    public string? Tables { get; init; }

    /// <summary><c>Tables__serviceUri</c>.</summary>
    public Uri? TablesUri { get; init; }

    /// <summary><c>ServiceBus</c>. Takes precedence over <see cref="ServiceBusNamespace"/>.</summary>
    public string? ServiceBus { get; init; }

    /// <summary><c>ServiceBus__fullyQualifiedNamespace</c>.</summary>
    public string? ServiceBusNamespace { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static AzureOptions Read(OptionsReader reader)
    {
        var options = new AzureOptions
        {
            Tables = reader.Text("Tables"),
            TablesUri = Uri.TryCreate(reader.Text("Tables__serviceUri"), UriKind.Absolute, out var uri) ? uri : null,
            ServiceBus = reader.Text("ServiceBus"),
            ServiceBusNamespace = reader.Text("ServiceBus__fullyQualifiedNamespace"),
        };
        if (options is { Tables: null, TablesUri: null })
        {
            reader.AddError("Tables", "(a connection string) or Tables__serviceUri (an absolute URI) is required");
        }

        if (options is { ServiceBus: null, ServiceBusNamespace: null })
        {
            reader.AddError("ServiceBus", "(a connection string) or ServiceBus__fullyQualifiedNamespace is required");
        }

        return options;
    }
}
