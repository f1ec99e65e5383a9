using EventSubscriptions;
using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Events;
using EventSubscriptions.Health;
using EventSubscriptions.Http;
using EventSubscriptions.OpenApi;
using EventSubscriptions.Options;
using EventSubscriptions.Portal;
using EventSubscriptions.Relay;
using EventSubscriptions.Replays;
using EventSubscriptions.Retention;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<ExceptionMiddleware>();
builder.UseMiddleware<AccessMiddleware>();

builder.Services
    .AddClockAndChance()
    .AddTelemetry()
    .AddStorage()
    .AddAccess()
    .AddAudit()
    .AddSubscriptions()
    .AddEvents()
    .AddDeliveries()
    .AddReplays()
    .AddRelay()
    .AddRetention()
    .AddHealth()
    .AddOpenApi()
    .AddPortal();

var app = builder.Build();
app.Services.CheckSettings();
await app.RunAsync();
