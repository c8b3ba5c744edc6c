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

    [Fact]
    public async Task A_view_that_does_not_go_on_is_named()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        await own.Client.OpenAccount();
        await own.Client.Get("/accounts?after=1");
        await data.Execute(
            "CREATE TRIGGER stuck BEFORE INSERT ON account_list_v2_g1 BEGIN SELECT RAISE(ABORT, 'stuck'); END");
        await own.Client.OpenAccount();

        Answer ready;
        do
            ready = await own.Client.Get("/health/ready");
        while (ready.ShouldBe(HttpStatusCode.OK).Text == """{"status":"ready"}""");

        ready.Text.ShouldBe("""{"status":"ready","behind":["account_list"]}""");
        var status = await own.Client.Get("/admin/projections/account_list");
        status.String("error").ShouldNotBeNull().ShouldNotContain("SELECT");
        status.Body.GetProperty("lag").GetProperty("events").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task Deadlines_that_nobody_can_look_after_are_named()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        await data.Execute("ALTER TABLE due RENAME TO due_elsewhere");

        Answer ready;
        do
            ready = await own.Client.Get("/health/ready");
        while (ready.ShouldBe(HttpStatusCode.OK).Text == """{"status":"ready"}""");
        ready.Text.ShouldBe("""{"status":"ready","behind":["deadlines"]}""");

        await data.Execute("ALTER TABLE due_elsewhere RENAME TO due");
        do
            ready = await own.Client.Get("/health/ready");
        while (ready.ShouldBe(HttpStatusCode.OK).Text != """{"status":"ready"}""");
    }
}
