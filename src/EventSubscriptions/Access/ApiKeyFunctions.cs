using System.Text.Json.Serialization;
using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Access;

/// <summary>
/// Issues, lists and revokes API keys. A caller whose key is bound to an organization sees and issues only keys of that organization.
/// Changes of a bound key are in its organization's audit log, others in the system's.
/// </summary>
public sealed class ApiKeyFunctions(ApiKeyStore store, KeyMark mark, Authenticator authenticator, AuditLog auditLog, TimeProvider time)
{
    private const int MaxNameLength = 128;

    [Function(nameof(CreateKey))]
    [Requires(Role.Admin)]
    public async Task<IResult> CreateKey(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/keys")] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        await request.ReadBodyAsync(cancellationToken);
        var (id, text) = ApiKey.NewText(time, mark);
        var key = ReadNew(request.Fields, id, text);
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var caller = request.Caller;
        if (!caller.Sees(key!.Organization))
        {
            return Problem.Forbidden(
                $"A key that is bound to an organization can only issue keys for it: organizationId must be {caller.Organization}."
            );
        }

        // Nobody has the text before the entry is written: if the process dies in between, the key is useless.
        if (!await store.TryAddAsync(key, cancellationToken))
        {
            return Problem.Conflict("Another key already has this name, and the audit log could not tell them apart. Choose another name.");
        }

        await auditLog.AppendAsync(Entry(AuditType.KeyCreated, key, caller, Changes(key)), cancellationToken);
        return ApiResult.Created(
            $"/api/keys/{key.Id}",
            ApiKeyResponse.Of(key) with
            {
                Key = text.Reveal(),
            },
            ApiKeyJson.Default.ApiKeyResponse
        );
    }

    [Function(nameof(ListKeys))]
    [Requires(Role.Admin)]
    public async Task<IResult> ListKeys(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/keys")] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        var page = request.Query.Page("apikeys");
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var caller = request.Caller;
        var keys = await store.ListAsync(key => caller.Sees(key.Organization), page, cancellationToken);
        return ApiResult.Ok(
            new ListPage<ApiKeyResponse>([.. keys.Items.Select(ApiKeyResponse.Of)], keys.ContinuationToken),
            ApiKeyJson.Default.ListPageApiKeyResponse
        );
    }

    [Function(nameof(RevokeKey))]
    [Requires(Role.Admin)]
    public async Task<IResult> RevokeKey(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/keys/{id}")] HttpRequest http,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        var caller = request.Caller;
        if (
            !ApiKeyId.TryParse(id, out var keyId)
            || await store.GetAsync(keyId, cancellationToken) is not { } key
            || !caller.Sees(key.Organization)
        )
        {
            return request.NotFound("Key");
        }

        if (request.Validate() is { } problem)
        {
            return problem;
        }

        // The entry comes first: if the process dies in between, the caller gets no response and repeats the request, which finds the key
        // and revokes it.
        await auditLog.AppendAsync(Entry(AuditType.KeyRevoked, key, caller, null), cancellationToken);
        await store.DeleteAsync(keyId, cancellationToken);
        authenticator.Forget(keyId);
        return ApiResult.NoContent();
    }

    private ApiKey? ReadNew(FieldReader fields, ApiKeyId id, Secret text)
    {
        var name = fields.Text("name", required: true, minLength: 1, maxLength: MaxNameLength);
        if (name is not null && PlainText.CheckName(name) is { } error)
        {
            fields.AddError("name", error);
        }
        else if (name is not null && ApiKey.IsSameName(name, Authenticator.AdminKeyName))
        {
            fields.AddError("name", "is the name of the key in the settings");
        }

        var role = fields.OneOf<Role>("role", required: true);
        var organization = fields.Number("organizationId", min: 0);
        var expiry = fields.Time("expiresAt");
        var now = time.GetUtcNow();
        if (expiry <= now)
        {
            fields.AddError("expiresAt", "must be in the future");
        }

        return fields.Errors.Any
            ? null
            : new ApiKey
            {
                Id = id,
                Name = name!,
                Role = role!.Value,
                Organization = OrganizationId.TryFrom(organization, out var bound) ? bound : null,
                CreatedAt = now,
                ExpiresAt = expiry,
                SecretKeyId = mark.SecretKeyId,
                Hash = ApiKey.HashOf(text.Reveal()),
            };
    }

    private AuditEntry Entry(AuditType type, ApiKey key, Caller caller, Dictionary<string, AuditChange>? changes) =>
        new()
        {
            Type = type,
            Timestamp = time.GetUtcNow(),
            OrganizationId = key.Organization,
            Actor = caller.Actor,
            Changes = changes ?? new(StringComparer.Ordinal) { ["id"] = new(key.Id.ToString(), null), ["name"] = new(key.Name, null) },
        };

    private static Dictionary<string, AuditChange> Changes(ApiKey key)
    {
        var changes = new Dictionary<string, AuditChange>(StringComparer.Ordinal)
        {
            ["id"] = new(null, key.Id.ToString()),
            ["name"] = new(null, key.Name),
            ["role"] = new(null, key.Role.ToName()),
        };
        if (key.Organization is { } organization)
        {
            changes["organizationId"] = new(null, organization.Value);
        }

        if (key.ExpiresAt is { } expiry)
        {
            changes["expiresAt"] = new(null, expiry);
        }

        return changes;
    }
}

/// <summary>An API key in responses.</summary>
internal sealed record ApiKeyResponse
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required Role Role { get; init; }

    public int? OrganizationId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The text of the key, only in the response that issues it.</summary>
    public string? Key { get; init; }

    public static ApiKeyResponse Of(ApiKey key) =>
        new()
        {
            Id = key.Id.ToString(),
            Name = key.Name,
            Role = key.Role,
            OrganizationId = key.Organization?.Value,
            CreatedAt = key.CreatedAt,
            ExpiresAt = key.ExpiresAt,
            LastUsedAt = key.LastUsedAt,
        };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(ListPage<ApiKeyResponse>))]
internal sealed partial class ApiKeyJson : JsonSerializerContext;
