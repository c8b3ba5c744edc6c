using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Calls;

public sealed class Contexts(OneSilo silo, TwoSilos two)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_of_the_request_context_reaches_the_called_grain(bool fromClient)
    {
        IGrainFactory factory = fromClient ? silo.Client : silo.Grains;
        RequestContext.Set("correlation", "c-1");

        (await factory.GetGrain<IContextual>("k").Read("correlation")).ShouldBe("c-1");
    }

    [Fact]
    public async Task It_flows_on_to_the_grains_that_are_called_from_there_across_silos()
    {
        var first = await two.Cluster.GrainOn<IContextual>(two.Here, two.Cluster.Client);
        var second = await two.Cluster.GrainOn<IContextual>(two.There, two.Cluster.Client);
        RequestContext.Set("correlation", "c-2");

        (await first.ReadAt(second, "correlation")).ShouldBe("c-2");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_does_not_flow_back(bool fromClient)
    {
        IGrainFactory factory = fromClient ? silo.Client : silo.Grains;
        RequestContext.Set("correlation", "mine");

        await factory.GetGrain<IContextual>("k").Overwrite("correlation", "theirs");

        RequestContext.Get("correlation").ShouldBe("mine");
    }

    [Fact]
    public async Task One_call_does_not_see_anothers()
    {
        var grain = silo.Client.GetGrain<IContextual>("k");
        RequestContext.Set("correlation", "c-3");
        await grain.Read("correlation");
        RequestContext.Clear();

        (await grain.Read("correlation")).ShouldBeNull();
    }

    [Fact]
    public async Task It_is_there_when_the_grain_is_activated()
    {
        RequestContext.Set("correlation", "c-4");

        (await silo.Client.GetGrain<IContextual>($"{Guid.NewGuid()}").ReadAtActivation()).ShouldBe("c-4");
    }

    [Fact]
    public void What_is_removed_is_gone()
    {
        RequestContext.Set("a", 1);
        RequestContext.Set("b", 2);

        RequestContext.Remove("a").ShouldBeTrue();
        RequestContext.Remove("a").ShouldBeFalse();
        RequestContext.Get("a").ShouldBeNull();
        RequestContext.Keys.ShouldBe(["b"]);
    }

    [Fact]
    public async Task An_async_local_of_the_caller_does_not_reach_the_grain()
    {
        ContextualGrain.Local.Value = "the caller's";

        var grain = silo.Grains.GetGrain<IContextual>($"{Guid.NewGuid()}");

        (await grain.ReadLocal()).ShouldBe("at activation: none, in the call: none");
    }
}

public interface IContextual : ISomewhere
{
    Task<string?> Read(string key);

    Task<string?> ReadAt(IContextual other, string key);

    Task Overwrite(string key, string value);

    Task<string?> ReadAtActivation();

    Task<string> ReadLocal();
}

public sealed class ContextualGrain(ILocalSiloDetails here) : Grain, IContextual
{
    internal static readonly AsyncLocal<string?> Local = new();
    private string? _correlation;
    private string? _local;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_correlation, _local) = ((string?)RequestContext.Get("correlation"), Local.Value);
        return Task.CompletedTask;
    }

    public Task<SiloAddress> Whereabouts() => Task.FromResult(here.SiloAddress);

    public async Task<string?> Read(string key)
    {
        await Task.Yield();
        return (string?)RequestContext.Get(key);
    }

    public Task<string?> ReadAt(IContextual other, string key) => other.Read(key);

    public Task Overwrite(string key, string value)
    {
        RequestContext.Set(key, value);
        return Task.CompletedTask;
    }

    public Task<string?> ReadAtActivation() => Task.FromResult(_correlation);

    public Task<string> ReadLocal() =>
        Task.FromResult($"at activation: {_local ?? "none"}, in the call: {Local.Value ?? "none"}");
}
