using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Tests.Deliveries.Throttling;

public sealed class TestSlotsTests
{
    [Fact]
    public void Tests_of_an_organization_are_limited_until_one_has_ended()
    {
        var slots = new TestSlots(new LimitsOptions { TestsPerOrganization = 2 });
        var organization = Given.Organization();
        var first = slots.TryEnter(organization);
        using var second = slots.TryEnter(organization);
        Assert.NotNull(second);
        Assert.Null(slots.TryEnter(organization));
        using var others = slots.TryEnter(Given.Organization());
        Assert.NotNull(others);

        first!.Dispose();

        using var third = slots.TryEnter(organization);
        Assert.NotNull(third);
        Assert.Null(slots.TryEnter(organization));
    }
}
