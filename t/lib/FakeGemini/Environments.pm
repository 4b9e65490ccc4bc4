package FakeGemini::Environments;

# Families that are kept as they were told: agents, environments and their
# files, triggers, webhooks, credentials, voices, tuned models, corpora; and
# auth_tokens, which open one Live session.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Json qw(data_answer o);
use FakeGemini::Store qw(rfc3339 seconds);

our @EXPORT_OK = qw(add_environment_file plain_calls plain_kinds);

my @kinds = qw(agents environments triggers webhooks credentials voices
               tunedModels corpora);


sub plain_kinds () {
    return @kinds;
}


sub plain_calls () {
    my %does = (list => \&list, create => \&create, get => \&get,
                update => \&update, delete => \&remove, ping => \&ping,
                rotate => \&rotate, run => \&run, executions => \&executions);
    my @calls = ('auth_tokens.create' => \&token,
                 'environmentFiles.list' => \&files,
                 'environmentFiles.get'  => \&file);

    for my $kind (@kinds) {
        push @calls, map { ("$kind.$_" => $does{$_}) } keys %does;
    }

    return @calls;
}


sub is_native ($kind) {
    return $kind eq 'tunedModels' || $kind eq 'corpora';
}


sub shown ($item) {
    my $told = $item->{told};
    my %named = (id => 1, name => 1, create_time => 1);

    return o(
        is_native($item->{kind}) ? () : (id => $item->{id}),
        name => $item->{name},
        (map { $_ => $told->{$_} } grep { !$named{$_} } sort keys %$told),
        is_native($item->{kind}) ? (createTime => rfc3339($item->{created}))
            : (create_time => rfc3339($item->{created})),
    );
}


sub list ($app, $req) {
    return $app->store->page($req->{resource}, $req, \&shown,
                             snake => !is_native($req->{resource}));
}


sub create ($app, $req) {
    my $kind = $req->{resource};
    my $body = $req->{data} // {};

    return ('bad_json', {}) if ref $body ne 'HASH';

    my ($id) = ($body->{id} // $body->{name} // '')
        =~ m{^(?:\Q$kind\E/)?([a-z0-9_-]+)$};

    return ('exists409', {})
        if defined $id && $app->store->get($kind, $id);

    return data_answer(shown($app->store->add($kind, $req,
        defined $id ? (id => $id) : (), told => $body)));
}


sub own ($app, $req) {
    return $app->store->own($req->{resource}, $req->{id}, $req);
}


sub refused ($app, $req) {
    return $app->store->refusal($req->{resource}, $req->{id});
}


sub get ($app, $req) {
    my $item = own($app, $req) // return refused($app, $req);

    return data_answer(shown($item));
}


sub update ($app, $req) {
    my $item = own($app, $req) // return refused($app, $req);

    return ('bad_json', {}) if ref $req->{data} ne 'HASH';

    $item->{told} = {%{$item->{told}}, %{$req->{data}}};
    return data_answer(shown($item));
}


sub remove ($app, $req) {
    my $item = own($app, $req) // return refused($app, $req);

    $app->store->drop($item);
    return data_answer(o());
}


sub ping ($app, $req) {
    return refused($app, $req) unless own($app, $req);
    return data_answer(o());
}


sub rotate ($app, $req) {
    return refused($app, $req) unless own($app, $req);
    return data_answer(o(secret => 'whsec-' . $app->store->new_id));
}


sub run ($app, $req) {
    my $item = own($app, $req) // return refused($app, $req);
    my $id = $app->store->new_id;

    push @{$item->{executions}}, o(id => $id, status => 'completed');
    return data_answer($item->{executions}[-1]);
}


sub executions ($app, $req) {
    my $item = own($app, $req) // return refused($app, $req);

    return data_answer(o(executions => $item->{executions} // []));
}


# --- files of an environment ---

sub add_environment_file ($app, $req, $environment, $path, %made) {
    my $id = "$environment/$path";

    return file_shown($app->store->add('environmentFiles', $req, %made,
        id   => $id,
        name => "environments/$environment/files/$path",
        path => $path,
        environment => $environment,
    ));
}


sub file_shown ($item) {
    return o(name => $item->{name}, path => $item->{path},
             size_bytes => '' . $item->{size}, mime_type => $item->{type});
}


sub files ($app, $req) {
    my $under = $req->{file} // '';

    return $app->store->refusal('environments', $req->{id})
        unless $app->store->own('environments', $req->{id}, $req);

    return $app->store->page('environmentFiles', $req, \&file_shown,
        member => 'files', snake => 1,
        filter => sub ($item) {
            $item->{environment} eq $req->{id}
                && index($item->{path}, $under) == 0;
        });
}


# a list of what lies under a path, or the bytes of what lies there
sub file ($app, $req) {
    return files($app, $req) if ($req->{args}{alt} // '') ne 'media';

    my $item = $app->store->own('environmentFiles',
                                "$req->{id}/$req->{file}", $req)
        // return $app->store->refusal('environmentFiles', $req->{file});

    return {status => 200, type => $item->{type},
            pieces => [$item->{content}]};
}


# --- tokens ---

sub token ($app, $req) {
    my $body = $req->{data} // {};

    return ('bad_json', {}) if ref $body ne 'HASH';

    my $until = $body->{expireTime} // $body->{expire_time};
    my $life = defined $until ? seconds(undef, $until) // 0 : 1800;

    return ('bad_ttl', {}) if $life <= 0;

    my $item = $app->store->add('auth_tokens', $req,
        expires => time + $life,
        uses    => $body->{uses} // 1,
    );

    return data_answer(o(name => $item->{name}));
}


1;
