using Grpc.Core;
using OciImage.Engines.Protocol;

namespace OciImage.Engines.Tests;

/// <summary>containerd's namespaces over <see cref="FakeContainerd"/>.</summary>
internal sealed class FakeNamespaces(FakeContainerd state) : Namespaces.NamespacesBase
{
    public override async Task<ListNamespacesResponse> List(ListNamespacesRequest request, ServerCallContext context)
    {
        await state.EnterAsync("ListNamespaces", context);
        var answer = new ListNamespacesResponse();
        answer.Namespaces.AddRange(state.Content.Keys.Select(key => key.Namespace).Distinct().Select(name => new Namespace { Name = name }));
        return answer;
    }
}
