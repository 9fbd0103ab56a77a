using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.People;

/// <summary>What roles are called and what they let people do.</summary>
internal static class RoleTexts
{
    /// <summary>The roles to choose from. Everybody views, so that one is not a choice.</summary>
    public static IReadOnlyList<(Roles Role, string Name, string Text)> Choices { get; } =
    [
        (Roles.Operator, "Operator", "Uploads versions, plans and operates rollouts."),
        (Roles.Approver, "Approver", "Decides on rollouts that other people asked for."),
        (Roles.OnCall, "On-call", "Watches, pauses, aborts and rolls back."),
        (Roles.Administrator, "Administrator", "Manages people, targets, policies and stores."),
    ];

    /// <summary>The names of these roles; a person without any other is a viewer.</summary>
    public static IReadOnlyList<string> Names(Roles roles) =>
        Choices.Where(choice => roles.HasFlag(choice.Role)).Select(choice => choice.Name).DefaultIfEmpty("Viewer").ToList();
}
