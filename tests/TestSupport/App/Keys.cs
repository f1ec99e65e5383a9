using System.Net;

namespace TestSupport.App;

/// <summary>API keys, created with the admin key.</summary>
internal static class Keys
{
    private static int s_last;

    public static async Task<KeyResult> Issue(AppProcess app, string role, int? organizationId = null)
    {
        var name = $"{role} {Interlocked.Increment(ref s_last)} of a scenario";
        return (
            await app.AsAdmin()
                .Post(
                    "/api/keys",
                    new
                    {
                        name,
                        role,
                        organizationId,
                    }
                )
        ).Expect(HttpStatusCode.Created).Read<KeyResult>();
    }

    /// <summary>Creates a key and returns its text.</summary>
    public static async Task<string> Create(AppProcess app, string role, int? organizationId = null) =>
        (await Issue(app, role, organizationId)).Key!;
}
