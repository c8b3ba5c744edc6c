using System.Net;
using Microsoft.AspNetCore.Builder;
using Orleans.Dashboard;
using Waybill.Tests.Support;

namespace Waybill.Tests.Dashboard;

public sealed class DashboardPages
{
    [Fact]
    public async Task The_page_is_served_where_it_is_mapped()
    {
        await using var app = await WebSilo.Start(
            silo => silo.AddDashboard(), app => app.MapOrleansDashboard("/ops/orleans"));

        var answer = await app.Http.GetAsync("/ops/orleans", TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        (await app.Http.GetAsync("/ops/elsewhere", TestContext.Current.CancellationToken)).StatusCode
            .ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_page_can_be_kept_from_strangers_as_any_group_of_routes()
    {
        await using var app = await WebSilo.Start(
            silo => silo.AddDashboard(), app => app.MapOrleansDashboard("/ops").RequireHost("somewhere.else"));

        (await app.Http.GetAsync("/ops", TestContext.Current.CancellationToken)).StatusCode
            .ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_page_of_a_silo_composed_without_it_is_refused_when_it_is_mapped() =>
        await Should.ThrowAsync<InvalidOperationException>(
            () => WebSilo.Start(_ => { }, app => app.MapOrleansDashboard()));
}
