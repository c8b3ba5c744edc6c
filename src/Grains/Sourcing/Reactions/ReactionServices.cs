using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>Registers reactions with a silo.</summary>
public static class ReactionServices
{
    /// <summary>
    /// Adds a reaction and its grain, a <see cref="ReactionHostGrain{TReaction}"/>. It needs the event store and sagas
    /// beside this.
    /// </summary>
    public static ISiloBuilder AddReaction<TReaction, TGrain>(this ISiloBuilder silo)
        where TReaction : IReaction
        where TGrain : ILogReaderGrain
    {
        if (silo.Services.All(service => service.ServiceType != typeof(ReactionRule)))
        {
            silo.Services.AddSingleton<MessageType, ReactionMessage.React>();
            silo.Services.AddSingleton<MessageType, ReactionMessage.GiveUp>();
        }
        silo.Services.AddSingleton(new ReactionRule(
            TReaction.Name, TReaction.To, TReaction.WhenRefused, TReaction.WhenGivenUp));
        return silo.AddLogReader<TGrain>();
    }
}
