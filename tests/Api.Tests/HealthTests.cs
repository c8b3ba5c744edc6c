using System.Net;

namespace Waybill.Tests;

public sealed class HealthTests(RunningServer server)
{
    [Theory]
    [InlineData("/health/live", """{"status":"live"}""")]
    [InlineData("/health/ready", """{"status":"ready"}""")]
    public async Task A_running_server_is_live_and_ready(string path, string expected) =>
        (await server.Api.Get(path)).ShouldBe(HttpStatusCode.OK).Text.ShouldBe(expected);

    [Fact]
    public async Task The_dashboard_is_served() =>
        (await server.Api.Get("/dashboard/")).ShouldBe(HttpStatusCode.OK).ContentType.ShouldBe("text/html");
}
