package perf
import ("testing";"os";"os/exec";"time";"sort";"strings";"github.com/alertnative/preflight/internal/testservers")
func TestPerf(t *testing.T){
 r,p:=testservers.StartRedis(t),testservers.StartPostgres(t)
 dir:=t.TempDir()
 c,_:=os.ReadFile("/work/main/preflight.yml"); os.WriteFile(dir+"/preflight.yml",c,0644)
 bench:=func(name string,f func()*exec.Cmd){ var d []time.Duration
  for i:=0;i<60;i++{ cmd:=f(); cmd.Dir=dir; b:=time.Now(); if o,err:=cmd.CombinedOutput();err!=nil{t.Fatal(name,err,string(o))}; d=append(d,time.Since(b))}
  sort.Slice(d,func(i,j int)bool{return d[i]<d[j]}); t.Log(name,"min",d[0],"median",d[30],"p90",d[54]) }
 env:=append(os.Environ(),"REDIS_URL="+r.URL(),"POSTGRES_DSN="+p.DSN())
 host,port,_:=strings.Cut(r.Addr(),":")
 for range 2 {
 bench("preflight real",func()*exec.Cmd{c:=exec.Command("/tmp/ck/preflight","--real-check","--output=e.json"); c.Env=env;return c})
 bench("preflight real no-metrics",func()*exec.Cmd{c:=exec.Command("/tmp/ck/preflight","--real-check","--no-metrics"); c.Env=env;return c})
 bench("preflight --version",func()*exec.Cmd{c:=exec.Command("/tmp/ck/preflight","--version"); c.Env=env;return c})
 bench("pair",func()*exec.Cmd{return exec.Command("sh","-c","redis-cli -h "+host+" -p "+port+" ping && psql '"+p.DSN()+"' -c 'select 1'")})
 bench("true",func()*exec.Cmd{return exec.Command("/bin/true")})
 }
}
