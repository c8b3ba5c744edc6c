using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orleans.Dashboard;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals;

public sealed class DashboardFigures : IAsyncLifetime
{
    private WebSilo _app = null!;

    public async ValueTask InitializeAsync() => _app = await WebSilo.Start(
        silo => silo.AddDashboard(options => options.CounterUpdateIntervalMs = 250),
        app => app.MapOrleansDashboard("/ops"));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task The_figures_tell_silos_activations_calls_and_errors()
    {
        for (var i = 0; i < 3; i++) await _app.Grains.GetGrain<ISeen>($"{i}").Call(fail: false);
        await Should.ThrowAsync<InvalidOperationException>(_app.Grains.GetGrain<ISeen>("0").Call(fail: true));

        var figures = await Figures();

        figures.GetProperty("intervalMs").GetInt32().ShouldBe(250);
        var silo = figures.GetProperty("silos").EnumerateArray().ShouldHaveSingleItem();
        silo.GetProperty("status").GetString().ShouldBe("Active");
        silo.GetProperty("uptimeSeconds").GetDouble().ShouldBeGreaterThan(0);
        var grain = figures.GetProperty("grains").EnumerateArray()
            .Single(row => row.GetProperty("name").GetString() == nameof(SeenGrain));
        grain.GetProperty("activations").GetInt32().ShouldBe(3);
        grain.GetProperty("calls").GetInt64().ShouldBe(4);
        grain.GetProperty("errors").GetInt64().ShouldBe(1);
        grain.GetProperty("latencyMs").GetDouble().ShouldBeInRange(0.001, 10_000);
        grain.GetProperty("ofOrleans").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task The_page_loads_nothing_else_and_the_browser_may_run_only_what_is_its_own()
    {
        var answer = await _app.Http.GetAsync("/ops/", TestContext.Current.CancellationToken);
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();

        page.ShouldNotContain("://");
        page.ShouldNotContain("src=");
        page.ShouldNotContain("href=");
        page.ShouldNotContain("innerHTML");
        page.ShouldNotContain(" style=\"");
        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain($"script-src '{HashOf(page, "script")}'");
        policy.ShouldContain($"style-src '{HashOf(page, "style")}'");
        policy.ShouldNotContain("unsafe");
    }

    [Fact]
    public async Task Figures_are_never_cached() =>
        (await _app.Http.GetAsync("/ops/figures", TestContext.Current.CancellationToken))
            .Headers.CacheControl!.NoStore.ShouldBeTrue();

    private Task<JsonElement> Figures() =>
        _app.Http.GetFromJsonAsync<JsonElement>("/ops/figures", TestContext.Current.CancellationToken);

    private static string HashOf(string page, string element)
    {
        var text = page.Split($"<{element}>")[1].Split($"</{element}>")[0];
        return $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
    }
}

public interface ISeen : IGrainWithStringKey
{
    Task Call(bool fail);
}

public sealed class SeenGrain : Grain, ISeen
{
    public Task Call(bool fail) => fail ? throw new InvalidOperationException("the call fails") : Task.CompletedTask;
}
