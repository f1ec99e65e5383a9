using System.Text;
using System.Text.Json.Serialization;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Subscriptions.Formats.Templates;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>Shows what a format makes of an event.</summary>
public sealed class PreviewFunctions(EventTypes types, EventArchive archive, PreviewSlots slots, TimeProvider time)
{
    /// <summary>The example of the catalogue that is shown if the request names no event.</summary>
    private const string DefaultEvent = "CaseCreatedEvent";

    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Formats the example of an event type, or an archived event, as it would be sent, with secrets masked.</summary>
    [Function(nameof(PreviewFormat))]
    [Requires(Role.Analyst)]
    public async Task<IResult> PreviewFormat(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/organizations/{organizationId}/subscriptions/preview")]
            HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        await request.ReadBodyAsync(cancellationToken);
        var format = FormatFields.Read(request.Fields, needsSecrets: false);
        if (!request.Fields.Has(FormatFields.Name) || request.Fields.IsNull(FormatFields.Name))
        {
            request.Fields.AddError(FormatFields.Name, "is required");
        }

        var content = await ReadEventAsync(request, cancellationToken);
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var shown = content!.Value;
        using var slot = slots.TryEnter(request.Organization);
        if (slot is null)
        {
            return Problem.TooManyRequests(
                $"{slots.Most} previews of this organization are running. Try again when one has ended.",
                s_retryAfter
            );
        }

        try
        {
            // On another thread: requests that find no slot needn't wait for it.
            var body = await Task.Run(() => Masked(format!).Compose(shown, time), cancellationToken);
            return ApiResult.Ok(
                new PreviewResponse(
                    shown.Id.ToString(),
                    shown.Name.ToString(),
                    body.ContentType.ToString(),
                    Encoding.UTF8.GetString(body.Bytes.Span)
                ),
                PreviewJson.Default.PreviewResponse
            );
        }
        catch (TemplateException failure)
        {
            request.Errors.Add($"{FormatFields.Name}.body", $"fails on this event: {failure.Message}");
            return request.Errors.ToProblem();
        }
    }

    private async Task<EventContent?> ReadEventAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var (eventId, eventName) = (request.Fields.Text("eventId"), request.Fields.Text("eventName"));
        if (eventId is not null && eventName is not null)
        {
            request.Fields.AddError("eventName", "must not be given together with eventId");
            return null;
        }

        if (eventId is not null)
        {
            if (
                EventId.TryParse(eventId, out var id)
                && await archive.GetAsync(request.Organization, id, cancellationToken) is { Payload: { } payload } archived
            )
            {
                return new EventContent(request.Organization, id, archived.EventName, archived.PublishedAt, payload);
            }

            request.Fields.AddError("eventId", "is not the id of an archived event with a payload");
            return null;
        }

        var catalogue = await types.ForAsync(request.Body, cancellationToken);
        if (catalogue.TryGet(eventName ?? DefaultEvent, out var type))
        {
            var payload = type.ExamplePayload(request.Organization);
            return new EventContent(request.Organization, EventId.New(time), type.Name, time.GetUtcNow(), payload);
        }

        request.Fields.AddError("eventName", catalogue.UnknownName(eventName!));
        return null;
    }

    private static SubscriptionFormat Masked(SubscriptionFormat format) =>
        format is SubscriptionFormat.Template template ? template with { Secrets = TemplateSecrets.Masked } : format;
}

/// <summary>What would be sent.</summary>
internal sealed record PreviewResponse(string EventId, string EventName, string ContentType, string Body);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PreviewResponse))]
internal sealed partial class PreviewJson : JsonSerializerContext;
