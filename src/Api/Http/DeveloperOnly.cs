using System.Net;
using System.Net.Sockets;
using Waybill.Silo;

namespace Waybill.Api.Http;

/// <summary>
/// Who a call comes from. There is no sign-in: every call acts as the operator <see cref="Actor"/>, and so the server
/// listens to nobody but the developer at this machine. The two belong together; whoever changes one changes the other.
/// </summary>
internal static class DeveloperOnly
{
    /// <summary>The subject that is recorded as having asked.</summary>
    public const string Actor = "dev";

    private const string UrlDefault = "http://127.0.0.1:8080";

    /// <summary>
    /// Lets the server listen on the setting <c>urls</c>. What is wrong with them is found here, before a silo starts.
    /// </summary>
    /// <exception cref="StartException">
    /// The environment is not Development, or an address is malformed, not a loopback one, or taken.
    /// </exception>
    public static void ListenForTheDeveloperOnly(this WebApplicationBuilder builder)
    {
        if (!builder.Environment.IsDevelopment())
            throw new StartException(
                $"the environment is {builder.Environment.EnvironmentName}, but Waybill has no sign-in and so runs in "
                + "Development only. Set ASPNETCORE_ENVIRONMENT=Development.");

        var urls = builder.Configuration["urls"] ?? UrlDefault;
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            Check(url);
        builder.WebHost.UseUrls(urls);
        // Dropping the Kestrel section leaves no other way to name an address.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Configure());
    }

    private static void Check(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri is not { Scheme: "http", PathAndQuery: "/" })
            throw new StartException($"'{url}' is not an address such as {UrlDefault}.");
        if (!uri.IsLoopback)
            throw new StartException(
                $"{url} is open to other machines. Waybill has no sign-in and so listens on loopback addresses only, "
                + $"such as {UrlDefault}.");
        try
        {
            var address = IPAddress.TryParse(uri.IdnHost, out var ip) ? ip : IPAddress.Loopback;
            using var listener = new TcpListener(address, uri.Port);
            listener.Start();
        }
        catch (SocketException taken)
        {
            throw new StartException($"{url} cannot be listened on: {taken.Message}.", taken);
        }
    }
}
