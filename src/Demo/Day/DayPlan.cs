using Waybill.Demo.Day.Acts;

namespace Waybill.Demo.Day;

/// <summary>
/// All that happens on a day, in the order in which it begins. Every choice is made here, out of one seed: what is left
/// is the server's.
/// </summary>
internal static class DayPlan
{
    public static IReadOnlyList<Visit> Of(Town town, Random random)
    {
        Visit[] visits =
        [
            .. AccountAct.Plan(town, random),
            .. TransferAct.Plan(town, random),
            .. OrderAct.Plan(town, random),
            .. ChangeOfMindAct.Plan(town, random),
            .. RideAct.Plan(town, random),
            .. RideTroubleAct.Plan(town, random),
            .. RepeatAct.Plan(town, random),
        ];
        random.Shuffle(visits);
        return visits;
    }
}
