using System.Text.RegularExpressions;
using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests.Pages;

/// <summary>The form that makes or changes a subscription.</summary>
internal sealed class SubscriptionForm(Tab tab)
{
    public ILocator Name => tab.Field("Name");

    public ILocator Url => tab.Field("URL");

    public ILocator Token => tab.Field("Token");

    public ILocator NewToken => tab.Field("New token");

    public ILocator Description => tab.Field("Description");

    public ILocator Rate => tab.Field("Rate limit");

    public ILocator Search => tab.Field("Find an event");

    public ILocator EveryEvent => tab.Field("All events, including future ones");

    public ILocator Receiver => tab.Field("Receiver");

    public ILocator Format => tab.Field("Format");

    public ILocator Template => tab.Field("Template");

    public ILocator PreviewWith => tab.Field("Preview with");

    public ILocator Preview => tab.Page.Locator(".preview pre");

    public ILocator About => tab.Page.GetByRole(AriaRole.Complementary, new() { Name = "About the event" });

    public ILocator Event(string name) => tab.Field(name);

    public async Task GoToNew(Organization organization)
    {
        await tab.GoTo($"organizations/{organization.Id}/new-subscription");
        await Assertions.Expect(Name).ToBeVisibleAsync();
    }

    public async Task GoToEdit(SubscriptionHandle subscription)
    {
        await tab.GoTo($"organizations/{subscription.Organization.Id}/subscriptions/{subscription.Id}/edit");
        await Assertions.Expect(Name).Not.ToHaveValueAsync("");
    }

    public Task Create() => tab.Button("Create").ClickAsync();

    public Task Save() => tab.Button("Save").ClickAsync();

    /// <summary>Waits until a field is wrong and described by a text, as screen readers say it.</summary>
    public async Task ShowsError(ILocator field, string text)
    {
        await Assertions.Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
        await Assertions.Expect(field).ToHaveAccessibleDescriptionAsync(new Regex(Regex.Escape(text)));
    }
}
