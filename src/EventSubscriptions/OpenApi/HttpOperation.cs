using System.Reflection;
using System.Text.Json.Nodes;
using EventSubscriptions.Access;
using EventSubscriptions.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.OpenApi;

/// <summary>An HTTP function of the API: what its attributes say of an operation.</summary>
/// <param name="Id">The <c>operationId</c>: the function's name in camelCase.</param>
/// <param name="Method">In lower case.</param>
/// <param name="Path">Starts with <c>/api/</c>.</param>
internal sealed record HttpOperation(string Id, string Method, string Path, Requirement Requirement)
{
    /// <summary>All operations. <c>HEAD</c> belongs to <c>GET</c>.</summary>
    public static IReadOnlyList<HttpOperation> All { get; } =
    [
        .. from type in typeof(HttpOperation).Assembly.GetTypes()
        from function in type.GetMethods()
        let name = function.GetCustomAttribute<FunctionAttribute>()?.Name
        where name is not null
        from parameter in function.GetParameters()
        let trigger = parameter.GetCustomAttribute<HttpTriggerAttribute>()
        where trigger?.Route?.StartsWith("api/", StringComparison.Ordinal) is true
        from method in trigger.Methods ?? []
        where method != "head"
        select new HttpOperation($"{char.ToLowerInvariant(name[0])}{name[1..]}", method, "/" + trigger.Route, Requirement.Of(function)),
    ];

    /// <summary>The roles, as a sentence.</summary>
    public string RolesSentence =>
        Requirement.Anonymous
            ? "Requires no key; any role is accepted."
            : $"Requires a key with the role {string.Join(" or ", Roles.Select(role => $"`{role}`"))}.";

    /// <summary>The security requirements: no key if the operation is anonymous, or a key in either header.</summary>
    public JsonArray Security
    {
        get
        {
            JsonArray keys = [With("bearer"), With("apiKey")];
            if (Requirement.Anonymous)
            {
                keys.Insert(0, new JsonObject());
            }

            return keys;

            JsonObject With(string scheme) => new() { [scheme] = new JsonArray([.. Roles.Select(role => JsonValue.Create(role))]) };
        }
    }

    private IEnumerable<string> Roles => Requirement.AnyOf.Select(EnumNames<Role>.Of);
}
