using Bunit;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Audit;
using Ops.Data.Audit;

namespace Ops.Dashboard.ComponentTests.Features.Audit;

public sealed class AuditDiffTests
{
    [Fact]
    public void Diff_BeforeAndAfter_MarksOnlyWhatChanged()
    {
        using var context = new ControlsContext();
        var diff = Render(context, """{"replicas":1,"name":"digits"}""", """{"replicas":2,"name":"digits"}""");

        Assert.Equal("replicas", diff.Find("tr.audit-changed th").TextContent);
        Assert.Single(diff.FindAll("tr.audit-changed"));
        Assert.Equal(("1", "2"), (diff.Find(".diff-old").TextContent, diff.Find(".diff-new").TextContent));
        Assert.Equal(2, diff.FindAll("tbody tr").Count);
    }

    [Fact]
    public void Diff_SomethingNew_MarksNothing()
    {
        using var context = new ControlsContext();
        var diff = Render(context, null, """{"replicas":2}""");
        Assert.Empty(diff.FindAll(".diff-old, .diff-new, .audit-changed"));
        Assert.Contains("2", diff.Find("tbody").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_NoValues_SaysSo()
    {
        using var context = new ControlsContext();
        Assert.Contains("holds no values", Render(context, null, null).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_MarkupInAValue_StaysText()
    {
        using var context = new ControlsContext();
        var diff = Render(context, """{"name":"a"}""", """{"name":"<script>alert(1)</script>"}""");
        Assert.Empty(diff.FindAll("script"));
        Assert.Equal("<script>alert(1)</script>", diff.Find(".diff-new").TextContent);
    }

    [Fact]
    public void Details_Refusal_SaysWhyAndCopiesTheCorrelationId()
    {
        using var context = new ControlsContext();
        var details = context.Render<AuditEntryDetails>(parameters => parameters
            .Add(p => p.Link, "http://localhost/audit?entry=1")
            .Add(p => p.Entry, new AuditEntry
            {
                PersonName = "anna",
                SignedInHow = "password",
                Action = "rollout.approve",
                SubjectKind = "rollout",
                Result = AuditResult.Refused,
                Message = "Nobody approves a plan of their own.",
                CorrelationId = "abc123",
            }));
        Assert.Contains("Nobody approves a plan of their own.", details.Markup, StringComparison.Ordinal);
        Assert.Equal("abc123", details.Find("button[aria-label='Copy correlation id']").GetAttribute("data-copy"));
    }

    private static IRenderedComponent<AuditDiff> Render(ControlsContext context, string? before, string? after) =>
        context.Render<AuditDiff>(parameters => parameters.Add(p => p.Before, before).Add(p => p.After, after));
}
