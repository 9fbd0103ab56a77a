using Ops.EndToEnd.Tests.Accessibility;
using Ops.EndToEnd.Tests.Failures;
using Ops.EndToEnd.Tests.Support;
using Ops.EndToEnd.Tests.Uploads;
using Ops.Testing;

[assembly: TestCollectionOrderer(typeof(KillsFirst))]

namespace Ops.EndToEnd.Tests.Support;

/// <summary>Each of these takes more than a minute.</summary>
public sealed class KillsFirst() : LongestFirst(nameof(KilledDashboardTests), nameof(AccessibilityTests), nameof(DirectUploadTests));
