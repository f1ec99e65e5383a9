using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Http;

/// <summary>Strict transport security (RFC 6797): a browser that has reached the app over https never uses http again.</summary>
internal static class TransportSecurity
{
    private const string ForwardedScheme = "X-Forwarded-Proto";
    private const string OneYear = "max-age=31536000";

    /// <summary>
    /// Adds the header if the request came over https, to this app or to the proxy in front of it. A false claim harms only the caller:
    /// browsers ignore the header over http.
    /// </summary>
    public static void Apply(HttpContext http)
    {
        if (
            http.Request.IsHttps
            || string.Equals(http.Request.Headers[ForwardedScheme], Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase)
        )
        {
            http.Response.Headers.StrictTransportSecurity = OneYear;
        }
    }
}
