using Ops.Runtime.Tests.Soak;
using Ops.Runtime.Tests.Support;
using Ops.Testing;

[assembly: TestCollectionOrderer(typeof(SoakFirst))]

namespace Ops.Runtime.Tests.Support;

/// <summary>The soak takes as long as all the rest together.</summary>
public sealed class SoakFirst() : LongestFirst(nameof(SoakTests));
