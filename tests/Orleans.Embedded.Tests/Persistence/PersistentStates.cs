using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Persistence;

public sealed class PersistentStates : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster = Silos.Compose(2, silo => silo
        .AddMemoryGrainStorageAsDefault()
        .AddMemoryGrainStorage("drawer")
        .ConfigureServices(services => services.AddGrainStorage("broken", (_, _) => new BrokenStorage()))).Build();

    private readonly string _key = $"{Guid.NewGuid()}";

    private INotebook Notebook => _cluster.Client.GetGrain<INotebook>(_key);

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task What_was_written_is_there_after_the_grain_was_deactivated()
    {
        await Notebook.Add("bread");
        await Notebook.Write();
        await _cluster.DeactivateAsync(Notebook);

        (await Notebook.Lines()).ShouldBe(["bread"]);
    }

    [Fact]
    public async Task What_was_not_written_is_forgotten_with_the_activation()
    {
        await Notebook.Add("bread");
        await _cluster.DeactivateAsync(Notebook);

        (await Notebook.Lines()).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_stored_shares_nothing_with_the_state()
    {
        await Notebook.Add("bread");
        await Notebook.Write();
        await Notebook.Add("milk");
        await Notebook.Read();

        (await Notebook.Lines()).ShouldBe(["bread"]);
    }

    [Fact]
    public async Task The_state_has_been_read_when_the_grain_is_activated()
    {
        await Notebook.Add("bread");
        await Notebook.Write();
        await _cluster.DeactivateAsync(Notebook);

        (await Notebook.SeenWhenActivated()).ShouldBe(1);
    }

    [Fact]
    public async Task A_record_exists_from_the_first_write_until_it_is_cleared()
    {
        (await Notebook.Record()).ShouldBe((false, null));
        await Notebook.Add("bread");
        await Notebook.Write();
        var (exists, etag) = await Notebook.Record();
        exists.ShouldBeTrue();
        etag.ShouldNotBeNullOrEmpty();

        await Notebook.Clear();
        (await Notebook.Record()).ShouldBe((false, null));
        (await Notebook.Lines()).ShouldBeEmpty();

        await Notebook.Add("milk");
        await Notebook.Write();
        await _cluster.DeactivateAsync(Notebook);
        (await Notebook.Lines()).ShouldBe(["milk"]);
    }

    [Fact]
    public async Task Two_states_of_one_grain_are_kept_apart()
    {
        await Notebook.Add("bread");
        await Notebook.Write();
        await Notebook.Conceal("money");
        await _cluster.DeactivateAsync(Notebook);

        (await Notebook.Lines()).ShouldBe(["bread"]);
        (await Notebook.Concealed()).ShouldBe("money");
    }

    [Fact]
    public async Task Two_grains_of_one_class_are_kept_apart()
    {
        await Notebook.Add("bread");
        await Notebook.Write();

        (await _cluster.Client.GetGrain<INotebook>($"{Guid.NewGuid()}").Lines()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_write_after_somebody_elses_fails_and_the_next_activation_reads_theirs()
    {
        await Notebook.Add("bread");
        await Notebook.Write();
        await WriteAsSomebodyElse("milk");

        await Notebook.Add("jam");
        var conflict = await Should.ThrowAsync<InconsistentStateException>(Notebook.Write);
        conflict.StoredEtag.ShouldNotBe(conflict.CurrentEtag);

        (await Notebook.Lines()).ShouldBe(["milk"]);
    }

    [Fact]
    public async Task A_grain_that_handles_the_conflict_lives_on()
    {
        await Notebook.Add("bread");
        await Notebook.Write();
        await WriteAsSomebodyElse("milk");

        var before = await Notebook.Life();
        (await Notebook.TryWrite()).ShouldBeFalse();
        await Notebook.Read();

        (await Notebook.Lines()).ShouldBe(["milk"]);
        (await Notebook.Life()).ShouldBe(before);
    }

    [Fact]
    public async Task A_conflict_at_one_grain_does_not_end_the_grain_that_called_it()
    {
        await Notebook.Write();
        await WriteAsSomebodyElse("milk");
        var caller = _cluster.Client.GetGrain<INotebook>($"{_key}-caller");
        var before = await caller.Life();

        await Should.ThrowAsync<InconsistentStateException>(() => caller.MakeWrite(Notebook));

        (await caller.Life()).ShouldBe(before);
    }

    [Fact]
    public async Task Writes_of_a_reentrant_grain_wait_for_each_other()
    {
        var grain = _cluster.Client.GetGrain<IHastyNotebook>(_key);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => grain.AddAndWrite($"{i}"))).Soon();

        await _cluster.DeactivateAsync(grain);
        (await grain.Lines()).Order().ShouldBe(Enumerable.Range(0, 20).Select(i => $"{i}").Order());
    }

    [Fact]
    public async Task A_storage_that_is_not_there_fails_the_activation_and_is_named()
    {
        var grain = _cluster.Client.GetGrain<IHomelessNotebook>(_key);

        var failure = await Should.ThrowAsync<Exception>(grain.Call);

        failure.ToString().ShouldContain("attic");
    }

    [Fact]
    public async Task What_storage_throws_comes_to_the_caller_inside_a_failure_of_Orleans()
    {
        var grain = _cluster.GrainsOf(_cluster.Silos[0]).GetGrain<IBrokenNotebook>(_key);

        var failure = await Should.ThrowAsync<OrleansException>(grain.Write);

        failure.InnerException.ShouldBeOfType<IOException>().Message.ShouldBe("The disk is full.");
        (await grain.Exists()).ShouldBeFalse();
    }

    private async Task WriteAsSomebodyElse(params string[] lines)
    {
        var storage = _cluster.GetSiloServiceProvider().GetRequiredService<IGrainStorage>();
        var page = new GrainState<Page>();
        await storage.ReadStateAsync("page", Notebook.GetGrainId(), page);
        page.State = new Page { Lines = [.. lines] };
        await storage.WriteStateAsync("page", Notebook.GetGrainId(), page);
    }
}
